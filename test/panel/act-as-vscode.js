/**
 * Browser code: plays VS Code's part in the panel's page, before the page's own script runs. The test calls it with
 * the theme's variables, the saved state and VS Code's default styles, and gives the page a function `toHost`.
 */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- called by a line that the test appends
function actAsVsCode({ theme, savedState, defaultStyles }) {
  window.savedState = savedState;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => { window.toHost(message); },
    getState: () => window.savedState,
    setState: (state) => { window.savedState = state; },
  });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(defaultStyles);
  const observer = new MutationObserver(() => {
    if (!document.body) return;
    observer.disconnect();
    document.adoptedStyleSheets = [sheet];
    for (const [name, value] of Object.entries(theme.variables)) document.documentElement.style.setProperty(name, value);
    document.body.classList.add(...theme.bodyClass.split(' '));
    document.body.dataset.vscodeThemeKind = theme.bodyClass.split(' ')[0];
    // A webview stands on the editor's background.
    document.documentElement.style.background = 'var(--vscode-editor-background)';
  });
  observer.observe(document, { childList: true, subtree: true });
}
