/** The panel's document. Nothing of an execution is ever written into it: payloads travel by message. */

export interface PanelHtmlOptions {
  /** Fresh and unguessable for each document. */
  nonce: string;
  /** Where the webview's own files come from (`webview.cspSource`). */
  cspSource: string;
  /** Addresses of the built files. */
  script: string;
  style: string;
  icons: string;
}

/**
 * Only our script runs. Styles come from our files; the nonce in `style-src` is for the `<style>` elements that
 * the control library adds, which reads it from the `csp-nonce` meta element.
 */
export function contentSecurityPolicy(nonce: string, cspSource: string): string {
  return [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource}`,
  ].join('; ');
}

export function panelHtml({ nonce, cspSource, script, style, icons }: PanelHtmlOptions): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${escapeAttribute(contentSecurityPolicy(nonce, cspSource))}">
  <meta property="csp-nonce" content="${nonce}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${escapeAttribute(icons)}">
  <link rel="stylesheet" href="${escapeAttribute(style)}">
  <title>Lambda Records</title>
</head>
<body>
  <main id="panel"></main>
  <script nonce="${nonce}" src="${escapeAttribute(script)}"></script>
</body>
</html>
`;
}

function escapeAttribute(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
