import type { EngineSettings } from './settings.ts';

export const defaultSettings: EngineSettings = {
  accountId: '123456789012',
  region: 'us-east-1',
  port: 0,
  requireSignatures: true,
  template: { parameterOverrides: {}, include: [], exclude: [] },
  accountConcurrency: 1000,
  asynchronousConcurrency: 8,
  maxProcesses: 64,
  environmentIdleSeconds: 300,
  enforceMemory: false,
  strictRuntimes: false,
  runtimes: {},
  pythonInterpreters: {},
  environment: {},
  environmentFiles: {},
  awsProfile: '',
  awsServices: [],
  eventSources: {},
  history: { maxExecutions: 10_000, maxMegabytes: 500 },
  stayAliveSeconds: 30,
};
