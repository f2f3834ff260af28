/** The only door to the host: typed messages out, the saved state both ways. */
import { panelVersion, type PanelMessage, type PanelRequest, type PanelRequestBody } from '../src/protocol/panel.ts';

interface VsCodeApi {
  postMessage(message: PanelRequest): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export class Host {
  readonly #api = acquireVsCodeApi();

  send(body: PanelRequestBody): void {
    this.#api.postMessage({ version: panelVersion, ...body });
  }

  /** VS Code delivers messages of the extension only; the version guards against a stale document. */
  onMessage(listener: (message: PanelMessage) => void): void {
    window.addEventListener('message', (event: MessageEvent<PanelMessage | undefined>) => {
      if (event.data?.version === panelVersion) listener(event.data);
    });
  }

  get savedState(): unknown {
    return this.#api.getState();
  }

  save(state: unknown): void {
    this.#api.setState(state);
  }
}
