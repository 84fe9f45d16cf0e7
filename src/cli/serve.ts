// Runs the service until the person leaves or the process is told to stop.
import { once } from 'node:events';
import type { Config } from '../config.js';
import { type Service, type ServiceParts, startService } from '../main.js';
import type { Orchestrator } from '../orchestrator/orchestrator.js';
import type { Tools } from '../tools.js';
import { type Shell, say } from './shell.js';

/**
 * Resolves after everything was stopped in order. With `terminal` the conversation also runs here, and leaving it stops the
 * service. `onStarted` runs once all platforms are connected.
 */
export async function serveUntilStopped(
  shell: Shell,
  config: Config,
  tools: Tools,
  orchestrator: Orchestrator,
  options: {
    readonly terminal: boolean;
    readonly server?: ServiceParts['server'];
    readonly onStarted?: (service: Service) => Promise<void>;
  },
): Promise<void> {
  const { terminal, server, onStarted } = options;
  const left = new AbortController();
  const interactive = terminal && shell.stdin.isTTY === true;
  if (interactive) say(shell, 'Ask a question; "exit" or Ctrl-D leaves.\n');
  const service = await startService(config, tools, orchestrator, {
    server,
    ...(terminal
      ? {
          terminal: {
            input: shell.stdin,
            output: shell.stdout,
            interactive,
            onLeave: () => left.abort(),
          },
        }
      : {}),
  });
  await onStarted?.(service);
  const over = AbortSignal.any([left.signal, shell.signal]);
  if (!over.aborted) await once(over, 'abort');
  await service.stop();
}
