/** Choosing and making test events in the Quick Pick. */
import * as vscode from 'vscode';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import { nameProblem, type TestEvent, type TestEvents } from './test-events.ts';
import { columnForText } from './text-column.ts';

/** File names below media/samples, in the order in which they are offered. */
const samples: readonly { file: string; label: string }[] = [
  { file: 'hello', label: 'Hello' },
  { file: 'api-gateway-v2', label: 'API Gateway HTTP API (payload 2.0)' },
  { file: 'api-gateway-v1', label: 'API Gateway REST API (payload 1.0)' },
  { file: 'sqs', label: 'SQS' },
  { file: 'sns', label: 'SNS' },
  { file: 's3', label: 'S3' },
  { file: 'eventbridge', label: 'EventBridge' },
  { file: 'scheduled', label: 'EventBridge schedule' },
  { file: 'kinesis', label: 'Kinesis' },
  { file: 'dynamodb-stream', label: 'DynamoDB Streams' },
  { file: 'alb', label: 'Application Load Balancer' },
  { file: 'cognito', label: 'Cognito pre sign-up' },
];

interface EventItem extends vscode.QuickPickItem {
  event?: TestEvent;
  sample?: string;
}

const openButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('edit'), tooltip: 'Open in the Editor' };

export class EventPicker {
  readonly #events: TestEvents;
  readonly #samplesFolder: vscode.Uri;

  constructor(events: TestEvents, extensionUri: vscode.Uri) {
    this.#events = events;
    this.#samplesFolder = vscode.Uri.joinPath(extensionUri, 'media', 'samples');
  }

  /**
   * The event to invoke with: the one used last, else the only one, else the one chosen. A chosen sample becomes a test
   * event. Undefined when the user gave up or opened an event instead.
   */
  async forInvoke(fn: FunctionSummary, ask: boolean): Promise<TestEvent | undefined> {
    const events = await this.#events.list(fn);
    const own = events.filter(({ kind }) => kind === 'own');
    const last = this.#events.lastUsed(fn, events);
    const known = last ?? (own.length === 1 ? own[0] : undefined);
    const event = !ask && known ? known : await this.#choose(fn, events, last, true);
    if (event) await this.#events.remember(fn, event);
    return event;
  }

  /** Chooses among existing events and opens one. */
  async open(fn: FunctionSummary): Promise<void> {
    const events = await this.#events.list(fn);
    const event = events.length === 0 ? await this.create(fn) : await this.#choose(fn, events, this.#events.lastUsed(fn, events), false);
    if (event) await vscode.window.showTextDocument(event.uri, { viewColumn: columnForText() });
  }

  /** Makes an event from a sample, under a name that the user gives. */
  async create(fn: FunctionSummary): Promise<TestEvent | undefined> {
    const chosen = await vscode.window.showQuickPick(samples.map(sampleItem), {
      title: `New Test Event for ${fn.name}`,
      placeHolder: 'Start from the shape of an event source',
    });
    if (!chosen?.sample) return undefined;
    const name = await askName(chosen.sample);
    return name === undefined ? undefined : this.#fromSample(fn, chosen.sample, name);
  }

  /** Keeps a payload that has been seen, for example that of an execution. */
  async savePayload(functionName: string, folder: string | undefined, payload: string): Promise<TestEvent | undefined> {
    const name = await askName('event');
    return name === undefined ? undefined : this.#events.save(functionName, folder, name, payload);
  }

  async #choose(fn: FunctionSummary, events: readonly TestEvent[], last: TestEvent | undefined, offerSamples: boolean): Promise<TestEvent | undefined> {
    const picker = vscode.window.createQuickPick<EventItem>();
    picker.title = offerSamples ? `Invoke ${fn.name}` : `Test Events of ${fn.name}`;
    picker.placeholder = 'Choose a test event';
    picker.matchOnDescription = true;
    const ordered = last ? [last, ...events.filter((event) => event !== last)] : events;
    picker.items = [
      ...ordered.map((event): EventItem => ({
        label: event.name,
        description: [vscode.workspace.asRelativePath(event.uri), event === last && 'last used'].filter(Boolean).join(' · '),
        buttons: [openButton],
        event,
      })),
      ...(offerSamples ? [{ label: 'New from a sample', kind: vscode.QuickPickItemKind.Separator }, ...samples.map(sampleItem)] : []),
    ];
    try {
      const item = await new Promise<EventItem | undefined>((resolve) => {
        picker.onDidAccept(() => resolve(picker.selectedItems[0]));
        picker.onDidHide(() => resolve(undefined));
        picker.onDidTriggerItemButton(({ item: { event } }) => {
          resolve(undefined);
          if (event) void vscode.window.showTextDocument(event.uri, { viewColumn: columnForText() });
        });
        picker.show();
      });
      if (item?.sample) return await this.#fromSample(fn, item.sample, item.sample);
      return item?.event;
    } finally {
      picker.dispose();
    }
  }

  async #fromSample(fn: FunctionSummary, sample: string, name: string): Promise<TestEvent> {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(this.#samplesFolder, `${sample}.json`));
    return this.#events.save(fn.name, fn.origin.folder, name, new TextDecoder().decode(bytes));
  }
}

function sampleItem({ file, label }: { file: string; label: string }): EventItem {
  return { label: `$(add) ${label}`, description: 'sample', sample: file };
}

function askName(value: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Name of the Test Event',
    prompt: 'It becomes a JSON file in .local-lambda/events.',
    value,
    validateInput: nameProblem,
  });
}
