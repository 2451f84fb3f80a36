// The language server for open specs, and the drawing of a spec in a panel beside it.
const { execFile } = require("node:child_process");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;
const panels = new Map(); // path of a spec -> its panel

const program = () => vscode.workspace.getConfiguration("ssldsl").get("command");

function page(body) {
  return `<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;">
<style>body { background: white; margin: 0 } svg { max-width: 100%; height: auto } pre { padding: 1em; color: #333 }</style>
</head><body>${body}</body></html>`;
}

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);

function draw(document) {
  const panel = panels.get(document.fileName);
  if (!panel) return;
  execFile(program(), ["graph", document.fileName, "--format", "svg"], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
    panel.webview.html = page(error ? `<pre>${escaped(stderr || String(error))}</pre>` : stdout);
  });
}

function show() {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== "ssl") return;
  if (!panels.has(document.fileName)) {
    const name = document.fileName.split(/[\\/]/).pop();
    const panel = vscode.window.createWebviewPanel("ssldsl", name, vscode.ViewColumn.Beside);
    panel.onDidDispose(() => panels.delete(document.fileName));
    panels.set(document.fileName, panel);
  }
  draw(document);
}

function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("ssldsl.graph", show),
    vscode.workspace.onDidSaveTextDocument(draw),
  );
  const server = { command: program(), args: ["lsp"] };
  client = new LanguageClient("ssldsl", "ssldsl", server, { documentSelector: [{ language: "ssl" }] });
  return client.start();
}

const deactivate = () => client?.stop();

module.exports = { activate, deactivate };
