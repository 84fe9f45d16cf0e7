// `chipwright doctor`: what is configured, what works, and what to do about the rest.
import { Command } from 'commander';
import { missingFor } from '../config.js';
import { ChipwrightError } from '../errors.js';
import { liveEncoderName, modelStore, openGenerations, openLibrary } from '../library.js';
import { openSession, type Session } from './session.js';
import { EXIT, type Shell, say } from './shell.js';

interface Finding {
  readonly part: string;
  readonly state: 'ok' | 'off' | 'bad';
  readonly detail: string;
}

export function doctorCommand(shell: Shell, exit: (code: number) => void): Command {
  return new Command('doctor')
    .description('Check the configuration, the model and the index.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright doctor')
    .action(async (options: { json: boolean }) => {
      const findings = await examine(shell);
      say(
        shell,
        options.json
          ? JSON.stringify({ findings })
          : findings.map(({ part, state, detail }) => `${MARK[state]} ${part}: ${detail}`).join('\n'),
      );
      exit(findings.some(({ state }) => state === 'bad') ? EXIT.failed : EXIT.done);
    });
}

const MARK = { ok: 'ok ', off: '-  ', bad: 'BAD' } as const;

async function examine(shell: Shell): Promise<Finding[]> {
  const { config, tools } = await openSession(shell);
  const findings: Finding[] = [
    {
      part: 'configuration',
      state: 'ok',
      detail: `data in ${config.dataDir}, HTTP on ${config.server.host}:${config.server.port}`,
    },
  ];
  for (const platform of ['slack', 'teams', 'languageModel'] as const) {
    const missing = missingFor(config, platform);
    const part = platform === 'languageModel' ? 'language model' : platform;
    findings.push(
      missing.length === 0
        ? { part, state: 'ok', detail: 'configured' }
        : {
            part,
            state: 'off',
            detail: `not configured\n${missing.map((line) => `      ${line}`).join('\n')}`,
          },
    );
  }
  const model = await modelStore(config, tools).verify(await liveEncoderName(config, tools));
  findings.push(
    model.present && model.problems.length === 0
      ? { part: 'encoder', state: 'ok', detail: `${model.name} from ${model.source}` }
      : {
          part: 'encoder',
          state: 'bad',
          detail: [...model.problems, 'Run `chipwright models pull`.'].join(' '),
        },
  );
  findings.push(await examineIndex({ config, tools }));
  return findings;
}

async function examineIndex({ config, tools }: Session): Promise<Finding> {
  const empty: Finding = {
    part: 'index',
    state: 'off',
    detail: 'nothing indexed yet; run `chipwright ingest DIR`',
  };
  try {
    // Opening would make the file, and looking should leave nothing behind.
    const generations = await openGenerations(config, tools).list();
    if (config.qdrant === null && generations.every(({ encoder }) => encoder === undefined)) return empty;
    const library = await openLibrary(config, tools, { pull: false });
    const { documents, chunks, encoder } = await library.index.describe().finally(() => library.close());
    if (documents === 0) return empty;
    return {
      part: 'index',
      state: 'ok',
      detail: `${documents} documents, ${chunks} passages, encoder ${encoder?.name ?? 'none'}, ${config.qdrant === null ? 'embedded' : 'on Qdrant'}`,
    };
  } catch (error) {
    if (!(error instanceof ChipwrightError)) throw error;
    return { part: 'index', state: 'bad', detail: `${error.message} ${error.cure}` };
  }
}
