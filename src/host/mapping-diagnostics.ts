/** What AWS would refuse of the event source mappings of templates, on the lines where they stand. */
import type { EventSourceMappingHost, MappingProblem } from '../contracts/event-source-mappings.ts';
import type { EventSourceMappingDefinition, FunctionDefinition, SourceRange } from '../contracts/functions.ts';
import type { WorkspaceDiagnostic, WorkspaceModel } from '../contracts/workspace.ts';

/** SQS's default, seconds. */
const defaultVisibilityTimeout = 30;

/** Those of a model that the mappings have as their baseline. */
export function mappingDiagnostics({ functions, resources }: WorkspaceModel, mappings: EventSourceMappingHost): WorkspaceDiagnostic[] {
  const timeouts = new Map(resources.filter(({ type }) => type === 'AWS::SQS::Queue').map(({ arn, properties }) => [arn, Number(properties['VisibilityTimeout'] ?? defaultVisibilityTimeout)]));
  return mappings.templateProblems((queueArn) => timeouts.get(queueArn)).flatMap((problem) => {
    const owner = functions.find(({ configuration }) => configuration.functionName === problem.functionName);
    const definition = owner?.eventSourceMappings.find(({ logicalId }) => logicalId === problem.logicalId);
    return owner && definition ? placed(problem, owner, definition) : [];
  });
}

function placed(problem: MappingProblem, owner: FunctionDefinition, { places }: EventSourceMappingDefinition): WorkspaceDiagnostic[] {
  const place = placeOf(places ?? {}, problem.parameter) ?? (owner.origin.location && { location: owner.origin.location });
  return place ? [{ severity: problem.by === 'aws' ? 'error' : 'information', message: sentenceOf(problem), ...place, source: owner.origin.kind }] : [];
}

/** The property itself, else what it stands in, else the mapping. */
function placeOf(places: Readonly<Record<string, SourceRange>>, parameter = ''): SourceRange | undefined {
  const path = parameter.split('.');
  for (let length = path.length; length > 0; length -= 1) {
    const name = path.slice(0, length).join('.');
    // Members of nested objects are known by their name alone.
    const found = places[name] ?? (length === 1 && name !== '' ? Object.entries(places).find(([key]) => key.endsWith(`.${name}`))?.[1] : undefined);
    if (found) return found;
  }
  return places[''];
}

function sentenceOf({ message, by, leftOut }: MappingProblem): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`;
  return `${by === 'aws' ? 'AWS refuses this event source mapping: ' : ''}${sentence}${leftOut ? ' It is left out here.' : ''}`;
}
