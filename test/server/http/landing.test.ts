import { describe, expect, it } from "vitest";
import { pythonStubs } from "../../../src/catalog/python-stubs.js";
import { defineTool, type Tool } from "../../../src/catalog/tool.js";
import { z } from "../../../src/index.js";
import { clientEntries } from "../../../src/server/http/clients.js";
import { type LandingOptions, landingRoute } from "../../../src/server/http/landing.js";
import { expenseTools } from "../../../tools/expenses/index.js";
import { noChromium, TestPage } from "../../support/chromium.js";
import { TestApp } from "../../support/http-app.js";
import { until } from "../../support/until.js";

const ENDPOINT = "http://127.0.0.1:3333/mcp";

/** What a tool of somebody else may say. */
const HOSTILE = `</pre></p><script>document.title = "taken"</script><img src=x onerror='document.title = "taken"'>"&amp;`;
const hostileTool = defineTool({
  name: "hostile",
  description: HOSTILE,
  input: z.object({ text: z.string().describe(HOSTILE) }),
  run: () => null,
});

function landing({
  tools = expenseTools,
  ...options
}: Partial<LandingOptions> & { tools?: readonly Tool[] } = {}) {
  return TestApp.start(
    landingRoute({
      functions: () => pythonStubs(tools).functions,
      url: () => ENDPOINT,
      version: "1.2.3",
      ready: async () => true,
      ...options,
    }),
  );
}

/** The text of markup without its tags. */
function textOf(markup: string): string {
  return markup.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

describe("the landing page", () => {
  it("shows what the server is, each tool with its stub, and the health", async () => {
    await using http = await landing();
    const response = await http.get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const page = await response.text();
    expect(page.match(/<details>/g)).toHaveLength(expenseTools.length);
    // Only a script can copy, and shows them.
    expect(page.match(/<button/g)).toEqual(page.match(/<button(?=[^>]* hidden)/g));
    const text = textOf(page);
    for (const { tool, signature, stub } of pythonStubs(expenseTools).functions) {
      expect(text).toContain(tool.description);
      expect(text).toContain(signature);
      expect(text).toContain(stub);
    }
    expect(text).toContain("class Expense");
    expect(text).toContain("version 1.2.3");
    expect(text).toContain("search_tools");
    expect(text).toContain("Ready.");
  });

  it("says so when no sandbox answers", async () => {
    await using http = await landing({ ready: () => Promise.reject(new Error("no")) });
    const response = await http.get("/");
    expect(response.status).toBe(200);
    expect(textOf(await response.text())).toContain("Not ready.");
  });

  it("shows an entry with the server's own URL for each client", async () => {
    await using http = await landing({ url: () => "https://tools.example/mcp" });
    const text = textOf(await http.text("/"));
    for (const { client, where, text: entry } of clientEntries("https://tools.example/mcp", false)) {
      expect(text).toContain(client);
      expect(text).toContain(where);
      expect(text).toContain(entry);
    }
    expect(text).toContain("claude mcp add --transport http monty-code-mode https://tools.example/mcp\n");
    expect(text).not.toContain("YOUR_TOKEN");
  });

  it("shows where the token goes when the server wants one", async () => {
    await using http = await landing({ token: true });
    const text = textOf(await http.text("/"));
    expect(text).toContain("Put the token");
    for (const entry of clientEntries(ENDPOINT, true)) expect(entry.text).toContain("Bearer YOUR_TOKEN");
    for (const { text } of clientEntries(ENDPOINT, true).slice(1))
      expect(() => JSON.parse(text)).not.toThrow();
  });

  it("shows what tools say as text, whatever it is", async () => {
    await using http = await landing({ tools: [hostileTool], version: "<b>1</b>" });
    const page = await http.text("/");
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toContain("<img");
    expect(page).not.toContain("<b>");
    expect(textOf(page)).toContain(HOSTILE);
  });

  it("lets the browser run and load nothing that is not its own", async () => {
    await using http = await landing();
    const response = await http.get("/");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    const page = await response.text();
    expect(page).not.toMatch(/ (on\w+|style)=/);
    expect(page).not.toMatch(/(src|href)="(?!data:,")/);
  });

  it("answers HEAD with the same headers and no body", async () => {
    await using http = await landing();
    const [get, head] = await Promise.all([http.get("/"), http.get("/", { method: "HEAD" })]);
    expect(head.status).toBe(200);
    for (const name of ["content-type", "content-length", "content-security-policy"]) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(await head.text()).toBe("");
  });

  it("serves nothing but /", async () => {
    await using http = await landing();
    expect((await http.get("/other")).status).toBe(404);
    expect((await http.get("/", { method: "POST" })).status).toBe(404);
  });
});

describe("an entry for a client", () => {
  it("allows mcp-remote plain HTTP only where the server is another machine's", () => {
    const desktop = (url: string) =>
      clientEntries(url, false).find(({ client }) => client === "Claude Desktop")?.text;
    expect(desktop("http://192.0.2.1:3333/mcp")).toContain("--allow-http");
    expect(desktop(ENDPOINT)).not.toContain("--allow-http");
    expect(desktop("https://tools.example/mcp")).not.toContain("--allow-http");
  });

  it("is one word of the shell where the URL has characters of the shell", () => {
    const [code] = clientEntries("https://tools.example/mcp?a=1&b=$(x)'", false);
    expect(code?.text).toContain(` 'https://tools.example/mcp?a=1&b=$(x)'\\'''`);
  });
});

describe.skipIf(noChromium)(
  `the landing page in Chromium${noChromium ? ` (${noChromium})` : ""}`,
  {
    timeout: 30_000,
  },
  () => {
    const tools = [...expenseTools, hostileTool];

    it("runs its own script and style, nothing of a tool, and breaks no rule of its policy", async () => {
      await using http = await landing({ tools });
      await using page = await TestPage.open(`${http.url}/`);
      expect(await page.evaluate("document.title")).toBe("Monty code mode: an MCP server");
      expect(await page.evaluate("document.querySelectorAll('button:not([hidden])').length")).toBe(4);
      expect(await page.evaluate("getComputedStyle(document.body).maxWidth")).not.toBe("none");
      expect(page.complaints).toEqual([]);
    });

    it("would not run what stood in it as markup", async () => {
      await using http = await landing();
      await using page = await TestPage.open(`${http.url}/`);
      await page.evaluate(`
      const script = document.createElement("script");
      script.textContent = "document.title = 'taken'";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(HOSTILE)});
      new Promise((resolve) => requestAnimationFrame(resolve))`);
      expect(await page.evaluate("document.title")).not.toBe("taken");
      await until("complaints about both", () => page.complaints.length >= 2);
      expect(page.complaints.join()).toContain("Content Security Policy");
    });

    it("copies an entry", async () => {
      await using http = await landing();
      await using page = await TestPage.open(`${http.url}/`);
      // The clipboard itself is the machine's, and headless Chromium has no focus to write it.
      await page.evaluate(
        "navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }; " +
          "document.querySelector('button').click()",
      );
      expect(await page.evaluate("copied")).toBe(clientEntries(ENDPOINT, false)[0]?.text);
      expect(await page.evaluate("document.getElementById('told').textContent")).toContain("Claude Code");
    });

    it("fits a phone, with every tool open", async () => {
      await using http = await landing({ tools });
      await using page = await TestPage.open(`${http.url}/`);
      const phone = { width: 360, height: 740, deviceScaleFactor: 2, mobile: true };
      await page.send("Emulation.setDeviceMetricsOverride", phone);
      await page.evaluate("for (const tool of document.querySelectorAll('details')) tool.open = true");
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    });

    it("follows the colours that the person prefers, with enough contrast", async () => {
      await using http = await landing();
      await using page = await TestPage.open(`${http.url}/`);
      const pages: unknown[] = [];
      for (const value of ["light", "dark"]) {
        await page.send("Emulation.setEmulatedMedia", {
          features: [{ name: "prefers-color-scheme", value }],
        });
        pages.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
        for (const element of ["body", ".quiet", ".good", "summary code", "button"]) {
          expect(
            await page.evaluate(`(${contrast})(${JSON.stringify(element)})`),
            `${value} ${element}`,
          ).toBeGreaterThan(4.5);
        }
      }
      expect(pages[0]).not.toBe(pages[1]);
    });

    it("is reached by keyboard: each button, entry, tool", async () => {
      await using http = await landing();
      await using page = await TestPage.open(`${http.url}/`);
      const reached: unknown[] = [];
      for (let tab = 0; tab < 8 + expenseTools.length; tab++) {
        for (const type of ["keyDown", "keyUp"]) {
          await page.send("Input.dispatchKeyEvent", {
            type,
            key: "Tab",
            code: "Tab",
            windowsVirtualKeyCode: 9,
          });
        }
        reached.push(await page.evaluate("document.activeElement.tagName"));
      }
      expect(reached).toEqual([
        ...["BUTTON", "PRE", "BUTTON", "PRE", "BUTTON", "PRE", "BUTTON", "PRE"],
        ...expenseTools.map(() => "SUMMARY"),
      ]);
    });
  },
);

/** The contrast of an element's text with the page behind it, as WCAG 2 counts it; runs in the page. */
const contrast = `(selector) => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/\\d+/g).map(Number).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const of = (element, name) => getComputedStyle(document.querySelector(element))[name];
  const [high, low] = [luminance(of(selector, "color")), luminance(of("body", "backgroundColor"))].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}`;
