import tseslint from 'typescript-eslint';

const rooms = ['lambda', 'runtime', 'resources', 'sources', 'template', 'endpoint', 'aws'];

/** The laws of the rooms: what a folder may import. Patterns match import specifiers as written. */
const noVscode = { name: 'vscode', message: 'Only src/extension.ts and src/ui/ import vscode.' };
const noAwsSdkValue = {
  group: ['@aws-sdk/*'],
  allowTypeImports: true,
  message: 'The AWS SDK is loaded lazily: use `await import(...)`, or import types only.',
};

const pure = {
  regex: '^(node:)?(child_process|http|https|http2|net|fs|fs/promises|worker_threads|timers|timers/promises)$',
  message: 'src/lambda and src/resources are pure: no processes, HTTP, files or bare timers.',
};

function room(name, { alsoForbidden = [], extraPatterns = [] } = {}) {
  const others = [...rooms.filter((other) => other !== name), 'ui', 'protocol', ...alsoForbidden];
  return {
    files: [`src/${name}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: [noVscode],
        patterns: [
          {
            regex: `^(\\.\\./)+(${others.join('|')})/`,
            message: `src/${name} imports contracts/ and its own files; engine.ts joins the rooms.`,
          },
          { regex: '(^|/)(engine|extension|cli)\\.ts$', message: 'Composition roots are imported by nobody.' },
          noAwsSdkValue,
          ...extraPatterns,
        ],
      }],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.vscode-test/', 'test/workspaces/', 'src/runtime/bootstraps/**/*.cjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: [] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'error',
      // `const { wait, ...rest }` leaves `wait` out on purpose.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [noVscode], patterns: [noAwsSdkValue] }],
      'no-restricted-syntax': ['error', {
        selector: 'ExportAllDeclaration',
        message: 'No barrels: import from the file that defines it.',
      }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['test/**/*.ts'], rules: {
    '@typescript-eslint/no-restricted-imports': 'off',
    '@typescript-eslint/no-unused-expressions': 'off',
    'no-console': 'off',
    'no-restricted-syntax': ['error', {
      selector: "MemberExpression[object.name=/^(describe|it|suite|test)$/][property.name='only']",
      message: 'A committed .only narrows the run.',
    }],
  } },
  {
    files: ['src/extension.ts', 'src/ui/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        patterns: [
          { regex: `^(\\.\\./|\\./)+(${[...rooms, 'store', 'patterns'].join('|')})/`, message: 'The extension talks to the engine through src/protocol.' },
          noAwsSdkValue,
        ],
      }],
    },
  },
  room('lambda', { alsoForbidden: ['store'], extraPatterns: [pure] }),
  room('runtime', { alsoForbidden: ['store'] }),
  room('resources', { alsoForbidden: ['store'], extraPatterns: [pure] }),
  room('sources', { alsoForbidden: ['store'] }),
  room('template', { alsoForbidden: ['store'] }),
  room('endpoint', { alsoForbidden: ['store'] }),
  room('aws', { alsoForbidden: ['store'] }),
  room('store', { alsoForbidden: ['lambda'] }),
  room('patterns', { alsoForbidden: ['store', 'contracts'] }),
  {
    files: ['src/lambda/**/*.ts', 'src/resources/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'setImmediate'],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: 'Time comes from the injected Clock.' }],
    },
  },
  {
    files: ['src/contracts/**/*.ts', 'src/protocol/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: [noVscode],
        patterns: [{ regex: `^(\\.\\./)+(${[...rooms, 'store', 'patterns', 'ui'].join('|')})/`, message: 'Contracts and protocol import no room.' }, noAwsSdkValue],
      }],
    },
  },
  {
    files: ['webview/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        paths: [noVscode],
        patterns: [{ regex: '^(\\.\\./)+src/(?!protocol/)', message: 'The webview imports nothing from src but src/protocol.' }],
      }],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', Buffer: 'readonly', fetch: 'readonly' } } },
);
