/** The style of the landing page. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2024; --quiet: #5a626b; --page: #ffffff; --panel: #f4f5f7; --line: #d5d9de; --link: #0b5cad;
  --good: #18794e; --bad: #b42318;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e8eb; --quiet: #a3abb5; --page: #14171a; --panel: #1e2226; --line: #3a4047; --link: #7ab8ff;
    --good: #4cc38a; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 3rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.25rem 0 0.5rem; font-size: 1.25rem; }
h3 { margin: 0; font-size: 1rem; }
p { margin: 0.5rem 0; }
a { color: var(--link); }
.quiet { color: var(--quiet); }
.health { font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.description { white-space: pre-line; }
code, pre { font: 0.875rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre {
  margin: 0.5rem 0 0; padding: 0.75rem; overflow-x: auto; overflow-wrap: normal;
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
}
.client { margin-top: 1.25rem; }
.head { display: flex; align-items: center; justify-content: space-between; gap: 1rem; }
button {
  min-height: 2rem; padding: 0 0.75rem; color: inherit; background: var(--panel); font: inherit;
  font-size: 0.875rem; border: 1px solid var(--line); border-radius: 6px; cursor: pointer;
}
button[hidden] { display: none; }
details { border: 1px solid var(--line); border-radius: 6px; margin-top: 0.5rem; }
summary { padding: 0.75rem; cursor: pointer; }
summary h3 { display: inline; }
summary code { display: block; color: var(--quiet); }
.body { padding: 0 0.75rem 0.75rem; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
`;

/** Shows the copy buttons where the browser lets a page write to the clipboard. */
export const SCRIPT = `
if (navigator.clipboard) {
  const told = document.getElementById("told");
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { copy, client } = button.dataset;
      try {
        await navigator.clipboard.writeText(document.getElementById(copy).textContent);
        told.textContent = "Copied the entry for " + client + ".";
        button.textContent = "Copied";
      } catch {
        told.textContent = "The browser did not allow the copy.";
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
}
`;
