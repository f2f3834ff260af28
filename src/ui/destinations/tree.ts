/** The view "Destinations": functions with where their results go, queues, topics, buses and buckets, live. */
import * as vscode from 'vscode';
import type { FunctionSummary } from '../../contracts/lambda-api.ts';
import { listBucketObjects, peekMessages } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import { leftOverSentence, type LeftOvers } from '../left-over.ts';
import { sentence } from '../sentences.ts';
import { TreeRows } from '../tree-rows.ts';
import { batchFailureArns } from './dead-letters.ts';
import { itemOf } from './items.ts';
import { childrenOf, deadLetterCount, idOf, sections, type BucketNode, type MoreNode, type Node, type QueueNode, type Section } from './nodes.ts';

export const destinationsViewId = 'localLambda.destinations';

/** Messages or objects that one page adds. */
const pageSize = 25;
/** A busy queue changes all the time; the view follows it at most so often, milliseconds. */
const refreshRest = 400;
/** Ages are written anew so often while the view is visible, milliseconds. */
const ageTick = 15_000;

export class DestinationsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #leftOvers: LeftOvers;
  readonly #changed = new vscode.EventEmitter<Node | undefined>();
  readonly #disposables: vscode.Disposable[];
  readonly #view: vscode.TreeView<Node>;
  /** As the view was asked for them, by id of the child. */
  readonly #parents = new Map<string, Node>();
  /** What was read of the queues and buckets that the user has opened, by ARN. */
  readonly #contents = new Map<string, readonly Node[]>();
  readonly #rows = new TreeRows<Node>({
    keyOf: idOf,
    childrenOf: (node) => this.#known(node),
    itemOf: (node) => this.getTreeItem(node),
  });
  /** Children shown of queues and buckets whose "Show more" was used, by ARN. */
  readonly #shown = new Map<string, number>();
  #functions: readonly FunctionSummary[] = [];
  /** On-failure destinations of event source mappings. */
  #batchFailures: readonly string[] = [];
  #problem: string | undefined;
  #snapshotAt = Date.now();
  #refreshedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  /** `onVisible` is called when the user looks at the view. */
  constructor(engine: EngineClient, leftOvers: LeftOvers, onVisible: () => void) {
    this.#engine = engine;
    this.#leftOvers = leftOvers;
    this.#view = vscode.window.createTreeView<Node>(destinationsViewId, { treeDataProvider: this, showCollapseAll: true });
    const ages = setInterval(() => { if (this.#view.visible && engine.resources.queues.length > 0) this.#refreshSoon(); }, ageTick);
    this.#disposables = [
      this.#changed,
      this.#view,
      { dispose: () => clearInterval(ages) },
      { dispose: () => clearTimeout(this.#timer) },
      this.#view.onDidChangeVisibility(({ visible }) => {
        if (!visible) return;
        onVisible();
        this.#refreshSoon();
      }),
      engine.onDidChangeResources(() => {
        this.#snapshotAt = Date.now();
        this.#refreshSoon();
      }),
      engine.onDidChangeFunctions((functions) => this.#takeFunctions(functions)),
      engine.onDidChangeMappings(() => this.#takeMappings()),
      engine.onDidChangeState(() => this.#refreshSoon()),
      leftOvers.onDidChange(() => this.#describe()),
    ];
    this.#functions = engine.functions;
    this.#batchFailures = batchFailureArns(engine.mappings);
    if (this.#view.visible) onVisible();
  }

  get view(): vscode.TreeView<Node> {
    return this.#view;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node?.kind === 'queue' || node?.kind === 'bucket') await this.#read(node);
    const children = this.#known(node).map((child) => this.#rows.kept(child));
    for (const child of children) {
      if (node) this.#parents.set(idOf(child), node);
      else this.#parents.delete(idOf(child));
    }
    return children;
  }

  getParent(node: Node): Node | undefined {
    return this.#parents.get(idOf(node));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return itemOf(node, Date.now(), this.#snapshotAt);
  }

  /** Adds a page to what is shown of a queue or bucket. */
  showMore({ arn, shown }: MoreNode): void {
    this.#shown.set(arn, shown + pageSize);
    void this.#refresh();
  }

  /** Selects a resource, or a function with destinations. False when the view does not hold it. */
  async reveal(arn: string, { focus = true }: { focus?: boolean } = {}): Promise<boolean> {
    const section = sectionOf(arn);
    if (!section) return false;
    const parent = (await this.getChildren()).find((node) => node.kind === 'section' && node.section === section);
    const child = parent && (await this.getChildren(parent)).find((node) => ownArn(node) === arn);
    if (!child) return false;
    await this.#view.reveal(child, { select: true, focus, expand: true });
    return true;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** The rows below as far as they have been read. */
  #known(node: Node | undefined): readonly Node[] {
    if (this.#engine.state !== 'ready') return [];
    const { resources } = this.#engine;
    if (!node) return sections(this.#functions, resources);
    switch (node.kind) {
      case 'queue': return this.#contents.get(node.queue.arn) ?? [];
      case 'bucket': return this.#contents.get(node.bucket.arn) ?? [];
      case 'section': case 'owner': case 'qualifier': case 'topic': case 'publishedGroup': case 'bus': case 'rule': case 'eventGroup':
        return childrenOf(node, this.#functions, resources, this.#batchFailures);
      case 'destination': case 'retries': case 'message': case 'more': case 'subscription': case 'published': case 'ruleTarget': case 'busEvent': case 'object':
        return [];
    }
  }

  async #read(node: QueueNode | BucketNode): Promise<void> {
    if (node.kind === 'queue') this.#contents.set(node.queue.arn, await this.#messages(node));
    else this.#contents.set(node.bucket.arn, await this.#objects(node));
  }

  /** Only what looks different. Contents are read again while somebody looks. */
  async #refresh(): Promise<void> {
    this.#describe();
    if (this.#view.visible) await this.#readAgain();
    for (const node of this.#rows.changes()) this.#changed.fire(node);
  }

  async #readAgain(): Promise<void> {
    const { resources } = this.#engine;
    const opened: (QueueNode | BucketNode)[] = [
      ...resources.queues.map((queue): QueueNode => ({ kind: 'queue', queue, deadLetters: false })),
      ...resources.buckets.map((bucket): BucketNode => ({ kind: 'bucket', bucket })),
    ].filter((node) => this.#contents.has(node.kind === 'queue' ? node.queue.arn : node.bucket.arn));
    const arns = new Set(opened.map((node) => ownArn(node)));
    for (const arn of this.#contents.keys()) if (!arns.has(arn)) this.#contents.delete(arn);
    if (this.#engine.state === 'ready') await Promise.all(opened.map((node) => this.#read(node)));
  }

  #messages({ queue }: QueueNode): Promise<Node[]> {
    const { arn, name } = queue;
    return this.#page(arn, (limit) => this.#engine.request(peekMessages, { queueArn: arn, limit }),
      (message) => ({ kind: 'message', queueArn: arn, queueName: name, message }));
  }

  #objects({ bucket }: BucketNode): Promise<Node[]> {
    const { arn, name } = bucket;
    return this.#page(arn, (limit) => this.#engine.request(listBucketObjects, { bucketArn: arn, limit }),
      (object) => ({ kind: 'object', bucketArn: arn, bucketName: name, object }));
  }

  async #page<T>(arn: string, read: (limit: number) => Promise<readonly T[]>, node: (entry: T) => Node): Promise<Node[]> {
    const shown = this.#shown.get(arn) ?? pageSize;
    try {
      // One more than is shown says whether there are more.
      const found = await read(shown + 1);
      this.#tell(undefined);
      return [...found.slice(0, shown).map(node), ...(found.length > shown ? [{ kind: 'more', arn, shown } as const] : [])];
    } catch (error) {
      // One that was deleted meanwhile goes with the next snapshot.
      if (!/NonExistent|DoesNotExist|NotFound|NoSuch/.test(sentence(error))) this.#tell(sentence(error));
      return [];
    }
  }

  #takeFunctions(functions: readonly FunctionSummary[]): void {
    const key = (list: readonly FunctionSummary[]) => JSON.stringify(list.map(({ arn, eventInvokeConfigs, deadLetterTargetArn, changed, origin }) => [arn, eventInvokeConfigs, deadLetterTargetArn, changed, origin]));
    const same = key(functions) === key(this.#functions);
    this.#functions = functions;
    // The list also comes with every first and last event of a queue.
    if (!same) this.#refreshSoon();
  }

  #takeMappings(): void {
    const arns = batchFailureArns(this.#engine.mappings);
    // Mappings change with every batch.
    const same = arns.join() === this.#batchFailures.join();
    this.#batchFailures = arns;
    if (!same) this.#refreshSoon();
  }

  #refreshSoon(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#refreshedAt + refreshRest - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#refreshedAt = performance.now();
      void this.#refresh();
    }, wait);
  }

  #tell(problem: string | undefined): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    this.#describe();
  }

  #describe(): void {
    const dead = deadLetterCount(this.#functions, this.#engine.resources, this.#batchFailures);
    this.#view.badge = dead === 0 ? undefined : { value: dead, tooltip: `${dead} dead ${dead === 1 ? 'letter' : 'letters'}` };
    // Mappings that are paused are told of where they are shown.
    const { events, schedules } = this.#leftOvers.state;
    const held = events + schedules > 0 ? leftOverSentence(this.#leftOvers.state) : undefined;
    const message = this.#problem ?? held;
    // exactOptionalPropertyTypes: VS Code takes undefined as "no message".
    if (this.#view.message !== message) (this.#view as { message: string | undefined }).message = message;
  }
}

function sectionOf(arn: string): Section | undefined {
  switch (arn.split(':')[2]) {
    case 'lambda': return 'functions';
    case 'sqs': return 'queues';
    case 'sns': return 'topics';
    case 'events': return 'buses';
    case 's3': return 'buckets';
    default: return undefined;
  }
}

/** The ARN of what a node below a section is, not of what it points to. */
function ownArn(node: Node): string | undefined {
  switch (node.kind) {
    case 'owner': return node.fn.arn;
    case 'queue': return node.queue.arn;
    case 'topic': return node.topic.arn;
    case 'bus': return node.bus.arn;
    case 'bucket': return node.bucket.arn;
    case 'section': case 'qualifier': case 'destination': case 'retries': case 'message': case 'more': case 'subscription': case 'publishedGroup':
    case 'published': case 'rule': case 'ruleTarget': case 'eventGroup': case 'busEvent': case 'object':
      return undefined;
  }
}
