import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler } from "express";

/** An express app on a free port of loopback; it ends with the `await using` block. */
export class TestApp implements AsyncDisposable {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(...handlers: RequestHandler[]): Promise<TestApp> {
    const app = express();
    if (handlers.length > 0) app.use(...handlers);
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TestApp(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
