/** Where binaries of Node and Python may be: the places, in the order in which they are asked. Nothing is run here. */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { InterpreterRequest } from './interpreters.ts';

export interface Candidate {
  path: string;
  /** For messages. */
  origin: string;
}

export interface CandidateGroup {
  candidates: Candidate[];
  /**
   * The person or the workspace chose it, so it runs the function even when its version is another than the declared
   * one: with another interpreter the packages installed beside it would be missing.
   */
  binding?: 'setting' | 'workspace';
}

const windows = process.platform === 'win32';

/** Groups of candidates, best first. A generator, so that later places are not even listed when an earlier one fits. */
export function* candidateGroups(request: InterpreterRequest): Generator<CandidateGroup> {
  const { declared, inherited } = request;
  const configured = configuredBinary(request);
  if (configured) {
    yield { candidates: [configured], binding: 'setting' };
    // Strict mode alone gets here with a binary that runs: what the person named has the wrong version.
    return;
  }
  if (declared.language === 'python') {
    const environments = virtualEnvironments(request);
    if (environments.length > 0) yield { candidates: environments, binding: 'workspace' };
    const chosen = chosenPython(request);
    if (chosen) yield { candidates: [chosen], binding: 'workspace' };
    yield { candidates: onPath([`python${declared.wanted}`, 'python3', 'python'], inherited) };
    yield { candidates: installed(pythonHomes(inherited), windows ? ['python.exe'] : [join('bin', 'python3')]) };
    yield { candidates: onPath([...Array(8).keys()].map((offset) => `python3.${16 - offset}`), inherited) };
    return;
  }
  yield { candidates: [{ path: request.engineNode.path, origin: 'the engine' }, ...onPath(['node'], inherited)] };
  yield { candidates: installed(nodeHomes(inherited), windows ? ['node.exe', join('installation', 'node.exe')] : [join('bin', 'node'), join('installation', 'bin', 'node')]) };
}

function configuredBinary({ runtime, declared, settings, codeFolder, workspaceFolder }: InterpreterRequest): Candidate | undefined {
  for (const key of [runtime, declared.language === 'node' ? 'nodejs' : 'python']) {
    const value = settings.runtimes[key];
    if (value !== undefined && value !== '') {
      const expanded = value.startsWith('~') ? join(process.env.HOME ?? process.env.USERPROFILE ?? '', value.slice(1)) : value;
      return { path: resolve(workspaceFolder ?? codeFolder, expanded), origin: `localLambda.runtimes["${key}"]` };
    }
  }
  return undefined;
}

/** `.venv`, `venv` and `env` from the code folder up to the workspace folder, then `VIRTUAL_ENV`. */
function virtualEnvironments({ codeFolder, workspaceFolder, inherited }: InterpreterRequest): Candidate[] {
  const roots: string[] = [];
  const inside = workspaceFolder !== undefined && isWithin(workspaceFolder, codeFolder);
  for (let folder = codeFolder; ; folder = dirname(folder)) {
    for (const name of ['.venv', 'venv', 'env']) roots.push(join(folder, name));
    if (!inside || relative(workspaceFolder, folder) === '' || dirname(folder) === folder) break;
  }
  if (inherited.VIRTUAL_ENV) roots.push(inherited.VIRTUAL_ENV);
  // One directory that holds a virtual environment is marked by pyvenv.cfg; `env` is also an ordinary folder's name.
  return roots
    .filter((root) => existsSync(join(root, 'pyvenv.cfg')))
    .map((root) => ({ path: windows ? join(root, 'Scripts', 'python.exe') : join(root, 'bin', 'python'), origin: root }))
    .filter(({ path }) => existsSync(path))
    .slice(0, 1);
}

/** The interpreter that the Python extension uses for the folder that holds the code. */
function chosenPython({ settings, codeFolder, workspaceFolder }: InterpreterRequest): Candidate | undefined {
  const folders = Object.keys(settings.pythonInterpreters)
    .filter((folder) => isWithin(folder, codeFolder) || folder === workspaceFolder)
    .sort((left, right) => right.length - left.length);
  const path = folders[0] === undefined ? undefined : settings.pythonInterpreters[folders[0]];
  return path ? { path, origin: 'the Python extension' } : undefined;
}

function onPath(names: readonly string[], inherited: InterpreterRequest['inherited']): Candidate[] {
  const folders = (inherited.PATH ?? inherited.Path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const extensions = windows ? ['.exe'] : [''];
  return distinct(names.flatMap((name) => folders.flatMap((folder) => extensions.map((extension) => join(folder, name + extension)))), 'PATH');
}

/** Every version below each home. */
function installed(homes: readonly string[], binaries: readonly string[]): Candidate[] {
  return distinct(homes.flatMap((home) => versionsIn(home).flatMap((version) => binaries.map((binary) => join(home, version, binary)))), 'a version manager');
}

function versionsIn(home: string): string[] {
  try {
    return readdirSync(home);
  } catch {
    // That version manager is not in use.
    return [];
  }
}

/** Existing ones, each binary once however many links lead to it. */
function distinct(paths: readonly string[], origin: string): Candidate[] {
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  for (const path of paths) {
    let real: string;
    try {
      real = realpathSync(path);
    } catch {
      // Not there.
      continue;
    }
    // Shims all lead to one script, which looks at the name it was called by.
    const key = /[\\/]shims[\\/]/.test(path) ? path : real;
    if (seen.has(key)) continue;
    seen.add(key);
    candidates.push({ path, origin });
  }
  return candidates;
}

/** Install folders of nvm, nvm-windows, fnm, volta, asdf, mise and n. */
function nodeHomes({ HOME, USERPROFILE, APPDATA, LOCALAPPDATA, NVM_DIR, NVM_HOME, FNM_DIR, VOLTA_HOME, ASDF_DATA_DIR, XDG_DATA_HOME }: InterpreterRequest['inherited']): string[] {
  const home = HOME ?? USERPROFILE ?? '';
  const data = XDG_DATA_HOME ?? join(home, '.local', 'share');
  return [
    join(NVM_DIR ?? join(home, '.nvm'), 'versions', 'node'),
    ...(NVM_HOME ? [NVM_HOME] : APPDATA ? [join(APPDATA, 'nvm')] : []),
    ...(FNM_DIR ? [join(FNM_DIR, 'node-versions')] : []),
    join(data, 'fnm', 'node-versions'),
    ...(APPDATA ? [join(APPDATA, 'fnm', 'node-versions')] : []),
    join(home, 'Library', 'Application Support', 'fnm', 'node-versions'),
    join(VOLTA_HOME ?? join(home, '.volta'), 'tools', 'image', 'node'),
    ...(LOCALAPPDATA ? [join(LOCALAPPDATA, 'Volta', 'tools', 'image', 'node')] : []),
    join(ASDF_DATA_DIR ?? join(home, '.asdf'), 'installs', 'nodejs'),
    join(data, 'mise', 'installs', 'node'),
  ];
}

/** Install folders of pyenv, asdf, mise and the python.org installer for Windows. */
function pythonHomes({ HOME, USERPROFILE, LOCALAPPDATA, PYENV_ROOT, ASDF_DATA_DIR, XDG_DATA_HOME }: InterpreterRequest['inherited']): string[] {
  const home = HOME ?? USERPROFILE ?? '';
  return [
    join(PYENV_ROOT ?? join(home, '.pyenv'), 'versions'),
    join(home, '.pyenv', 'pyenv-win', 'versions'),
    join(ASDF_DATA_DIR ?? join(home, '.asdf'), 'installs', 'python'),
    join(XDG_DATA_HOME ?? join(home, '.local', 'share'), 'mise', 'installs', 'python'),
    ...(LOCALAPPDATA ? [join(LOCALAPPDATA, 'Programs', 'Python')] : []),
  ];
}

/** True when `path` is `folder` or below it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}
