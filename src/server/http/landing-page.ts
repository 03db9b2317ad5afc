import type { PythonFunction } from "../../catalog/python-stubs.js";
import { type ClientEntry, clientEntries } from "./clients.js";
import { Html, html } from "./html.js";
import { SCRIPT, STYLE } from "./landing-assets.js";

export interface LandingPage {
  readonly functions: readonly PythonFunction[];
  /** The endpoint that clients connect to, as they reach it. */
  readonly url: string;
  readonly version: string;
  /** Whether clients need a bearer token that the operator gave out. */
  readonly token: boolean;
  readonly isReady: boolean;
}

/** The page that a person sees who opens the server in a browser. */
export function landingPage({ functions, url, version, token, isReady }: LandingPage): string {
  const health = isReady
    ? html`<span class="good">Ready.</span> A sandbox process answers.`
    : html`<span class="bad">Not ready.</span> No sandbox process answers; look at the server’s log.`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Monty code mode: an MCP server</title>
<meta name="description" content="An MCP server for code mode: a model writes one short Python program that calls the tools.">
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>Monty code mode</h1>
<p class="quiet">An MCP server, version ${version}</p>
</header>
<main>
<p>A model writes one short Python program that calls the tools itself, instead of calling them one by one. The
program runs in a sandbox that reaches nothing but these tools, and only its result goes back to the model.</p>
<section aria-labelledby="health">
<h2 id="health">Health</h2>
<p class="health">${health}</p>
</section>
<section aria-labelledby="connect">
<h2 id="connect">Connect</h2>
<p>The server speaks MCP over Streamable HTTP at <code>${url}</code>. ${tokenNote(token)}</p>
${clientEntries(url, token).map(clientSection)}
<p id="told" class="quiet" role="status"></p>
</section>
<section aria-labelledby="tools">
<h2 id="tools">Tools</h2>
<p><code>execute_python</code> runs a program, <code>ask</code> answers a question in plain words by having one
written, and <code>search_tools</code> finds what programs can call. ${toolCount(functions.length)}</p>
${functions.map(toolDetails)}
</section>
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

function tokenNote(token: boolean): string {
  return token ? "Put the token that you were given where YOUR_TOKEN stands." : "";
}

function toolCount(count: number): string {
  if (count === 0) return "There are no tools that a program could call.";
  return count === 1 ? "A program can call this tool:" : `A program can call these ${count} tools:`;
}

function clientSection({ client, where, text }: ClientEntry, index: number): Html {
  const id = `entry-${index}`;
  return html`<div class="client">
<div class="head"><h3 id="${id}-name">${client}</h3>
<button type="button" hidden data-copy="${id}" data-client="${client}" aria-describedby="${id}-name">Copy</button></div>
<p class="quiet">${where}</p>
<pre id="${id}" tabindex="0" role="region" aria-labelledby="${id}-name">${text}</pre>
</div>`;
}

function toolDetails({ tool, signature, stub, types }: PythonFunction): Html {
  return html`<details>
<summary><h3>${tool.name}</h3><code>${signature}</code></summary>
<div class="body">
<p class="description">${tool.description}</p>
<pre tabindex="0" role="region" aria-label="Python stub of ${tool.name}">${[...types, stub].join("\n\n")}</pre>
</div>
</details>`;
}
