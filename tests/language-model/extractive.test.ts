// What a person without a language model reads: the right lines, word for word, each with its source.
import fc from 'fast-check';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { visit } from 'unist-util-visit';
import { describe, expect, test } from 'vitest';
import { withoutLinks } from '../../src/language-model/extractive/inline.js';
import { extractive, type Similarity } from '../../src/language-model/extractive.js';

type Passage = readonly [title: string, text: string];

async function answer(
  question: string,
  passages: readonly Passage[],
  {
    similarity,
    history = [],
  }: { similarity?: Similarity; history?: { question: string; answer: string }[] } = {},
): Promise<string> {
  const model = extractive(similarity === undefined ? {} : { similarity });
  const prompt = {
    instructions: '',
    history,
    question,
    passages: passages.map(([title, text], at) => ({ marker: at + 1, title, text })),
  };
  let markdown = '';
  for await (const part of model.stream(prompt, new AbortController().signal)) markdown += part;
  return markdown;
}

const SPIN = [
  'Mixer > Spin Drum > Options',
  `The \`spin_drum\` command turns the drum at a steady speed. Run it after \`fill_drum\`.

\`\`\`tcl
spin_drum
    -speed rpm
    [-reverse]
    [-seed seed]
\`\`\`

#### Options

| Switch Name | Description |
| ----- | ----- |
| \`-speed\` | Speed of the drum in turns per minute. The default is 40. |
| \`-reverse\` | Turns the drum the other way. |
| \`-seed\` | Sets the random seed. Must not be zero. |
`,
] as const;
const WEIGH = [
  'Mixer > Report Weight',
  'The `report_weight` command prints the weight of the load.\n\n```tcl\nreport_weight [-unit unit]\n```\n',
] as const;
const ABOUT = [
  'Mixer',
  'The mixer was built for a bakery. It is a machine that mixes dough. Many people like bread.',
] as const;
const SETUP = [
  'Connect Slack > Create the app',
  '1. Open [your apps](https://example.com/apps) and choose **Create**.\n2. Paste `manifest.yml`.\n3. Install the app:\n\n   ```sh\n   npx app install\n   ```\n4. Copy the token.\n\n![shot](x.png)\n',
] as const;

const PASSES = [
  [
    'Optimization > When to use opt or clean',
    'It does not hurt to call `opt` often. The `clean` command is an alias for `opt_clean` and does the same.',
  ],
  [
    'Optimization > Removing unused cells - opt_clean pass',
    'This pass identifies unused signals and cells and removes them from the design.',
  ],
] as const;
const WARNINGS = [
  [
    'Warnings > ENUMITEMWIDTH',
    'An operator expects so many bits on the left, but the item of the enum on the left generates other bits.',
  ],
  [
    'Warnings > WIDTHEXPAND',
    'A value is narrower than what it is assigned to. Extend it where that is meant.',
  ],
] as const;

describe('what is quoted', () => {
  test('the section that is titled by what the question names goes before those that mention it', async () => {
    expect(await answer('What does opt_clean do?', PASSES)).toMatch(/^This pass identifies unused signals/);
  });

  test('a line that leads in to something that could not be read is left out', async () => {
    const text = await answer('What does the drum warning say?', [
      [
        'Drum > Warnings',
        'The drum gives a warning when it is full. The drum warning says:\n\nOne way to mend the drum warning:\n\nTake something out of the drum.',
      ],
    ]);
    expect(text).toContain('a warning when it is full');
    expect(text).not.toContain('says:');
  });

  test('the code of a message is a name, in capitals or with a number', async () => {
    const logged =
      '%Warning-WIDTHEXPAND: add.v:3: Operator ADD expects 8 bits on the left, but the left generates 4 bits.';
    expect(await answer(logged, WARNINGS)).toContain('A value is narrower');
    const numbered = ['Messages > GRT-0119', 'Routing congestion is too high. Move cells apart.'] as const;
    const about = ['Messages', 'Each message has a number, and the message tells what it means.'] as const;
    expect(await answer('What does the message GRT-0119 mean?', [about, numbered])).toMatch(
      /^Routing congestion/,
    );
  });

  test('"how do I" gets the sentence that names the command, then its synopsis, with one marker each', async () => {
    const text = await answer('How do I turn the drum?', [SPIN, WEIGH, ABOUT]);
    expect(text.split('\n\n').slice(0, 2)).toEqual([
      'The `spin_drum` command turns the drum at a steady speed. Run it after `fill_drum`. [1]',
      '```tcl\nspin_drum\n    -speed rpm\n    [-reverse]\n    [-seed seed]\n```',
    ]);
    expect(text).not.toContain('bakery');
  });

  test('a question about one option gets its row, flag and description together, and no other row', async () => {
    const text = await answer('what does -seed do?', [SPIN, WEIGH, ABOUT]);
    expect(text).toContain('- `-seed`: Sets the random seed. Must not be zero. [1]');
    expect(text).not.toContain('other way');
  });

  test('a question for a default value gets the row that tells it first', async () => {
    const text = await answer('what is the default speed?', [WEIGH, SPIN, ABOUT]);
    expect(text.split('\n').find((line) => line.startsWith('- '))).toBe(
      '- `-speed`: Speed of the drum in turns per minute. The default is 40. [2]',
    );
  });

  test('"which options" gets all of them, in the order of the table', async () => {
    const text = await answer('which options does spin_drum have?', [SPIN, WEIGH, ABOUT]);
    expect(text.match(/^- `-\w+`/gmu)).toEqual(['- `-speed`', '- `-reverse`', '- `-seed`']);
  });

  test('"what is" gets the sentence that defines', async () => {
    expect(await answer('What is the mixer?', [ABOUT])).toContain('It is a machine that mixes dough.');
  });

  test('each need of a question gets its lines, in the order asked', async () => {
    const text = await answer('How do I report the weight of the load and then turn the drum?', [
      SPIN,
      ABOUT,
      WEIGH,
    ]);
    expect(text.indexOf('report_weight')).toBeGreaterThanOrEqual(0);
    expect(text.indexOf('spin_drum')).toBeGreaterThan(text.indexOf('report_weight'));
    expect(text).toContain('[1]');
    expect(text).toContain('[3]');
  });

  test('steps stay in order and numbered, with the command a step leads to; links keep their words only', async () => {
    const text = await answer('how do I connect Slack?', [SETUP, ABOUT]);
    expect(text).toMatch(
      /1\. Open your apps and choose Create\. \[1\]\n2\. Paste `manifest\.yml`\. \[1\]\n3\. Install the app: \[1\]\n\n(?:```sh\n)?`?npx app install[\s\S]*4\. Copy the token\. \[1\]/u,
    );
    expect(text).not.toContain('example.com');
  });

  test('an identifier alone is a question', async () => {
    expect(await answer('report_weight', [SPIN, WEIGH])).toMatch(
      /^The `report_weight` command prints .* \[2\]/u,
    );
  });

  test('two versions of a page are quoted once', async () => {
    const older: Passage = [SPIN[0], SPIN[1].replace('steady speed', 'steady pace')];
    const text = await answer('How do I turn the drum?', [SPIN, older, ABOUT]);
    expect(text.match(/command turns the drum/gu)).toHaveLength(1);
    expect(text.match(/^spin_drum$/gmu)).toHaveLength(1);
  });

  test('rows of wide tables say which column each value is from', async () => {
    const table =
      '| Name | Unit | Meaning |\n|---|---|---|\n| `heat` | kelvin | How hot it gets. |\n| `mass` | gram | How heavy it is. |';
    expect(await answer('heat', [['Quantities', table]])).toContain(
      '- `heat` · Unit: kelvin · Meaning: How hot it gets. [1]',
    );
  });

  test('a short follow-up is read with the question before it', async () => {
    const text = await answer('and in reverse?', [WEIGH, SPIN], {
      history: [{ question: 'How do I turn the drum?', answer: '' }],
    });
    expect(text).toContain('`-reverse`: Turns the drum the other way. [2]');
  });

  test('other languages are split into sentences too', async () => {
    const german: Passage = ['Trommel', 'Die Trommel dreht sich z. B. nach links. Das Brot ist gut.'];
    expect(await answer('Wie dreht sich die Trommel?', [german])).toMatch(
      /^Die Trommel dreht sich z\. B\. nach links\./u,
    );
    expect(await answer('如何连接?', [['连接', '首先创建应用。然后复制令牌。']])).toContain('首先创建应用。');
  });
});

describe('length', () => {
  test('of a table with 40 rows only those that answer are quoted', async () => {
    const rows = Array.from(
      { length: 40 },
      (_, at) => `| \`-opt${at}\` | Sets the ${at === 17 ? 'colour of the lid' : 'number of wheels'}. |`,
    );
    const text = await answer('how is the colour of the lid set?', [
      ['Options', `| Flag | Meaning |\n|---|---|\n${rows.join('\n')}`],
    ]);
    expect(text).toContain('`-opt17`');
    expect(text.split('\n').length).toBeLessThan(10);
  });

  test('of a long script the lines in question are quoted, and it shows that some were left out', async () => {
    const script = Array.from({ length: 400 }, (_, at) =>
      at === 200 ? 'paint_lid -colour blue' : `puts "line ${at}"`,
    );
    const text = await answer('how do I paint the lid with paint_lid?', [
      ['Script', `Example:\n\n\`\`\`tcl\n${script.join('\n')}\n\`\`\``],
    ]);
    expect(text).toContain('paint_lid -colour blue');
    expect(text).toContain('…');
    expect(text.length).toBeLessThan(600);
  });

  test('one word, and 10 kB without a full stop, are passages', async () => {
    expect(await answer('mixer?', [['', 'Mixer']])).toContain('Mixer [1]');
    const long = await answer('flour?', [['Log', 'flour water salt '.repeat(600)]]);
    expect(long.length).toBeGreaterThan(0);
    expect(long.length).toBeLessThan(2500);
  });
});

describe('nothing to say', () => {
  test('no passages and an empty question yield nothing', async () => {
    expect(await answer('How?', [])).toBe('');
    expect(await answer('  ', [SPIN])).toBe('');
    expect(await answer('lid?', [['Lid', '![lid](lid.png)\n\n<br>\n']])).toBe('');
  });

  test('a question that shares no word with the passages still shows what the retriever found', async () => {
    expect(await answer('gibberish', [WEIGH])).toContain(
      'The `report_weight` command prints the weight of the load. [1]',
    );
  });

  test('an aborted signal ends the stream with a timeout', async () => {
    const prompt = {
      instructions: '',
      history: [],
      question: 'mixer',
      passages: [{ marker: 1, title: 'Mixer', text: ABOUT[1] }],
    };
    const stream = extractive().stream(prompt, AbortSignal.abort());
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
    });
  });
});

describe('similarity', () => {
  const passages: Passage[] = [
    ['Care', 'Wipe the bowl daily. Oil the bearing once a month. Keep children away.'],
  ];

  test('brings up the line that says it in other words', async () => {
    const similarity: Similarity = async (questions, units) =>
      questions.map(() => units.map((unit) => (unit.includes('bearing') ? 1 : 0)));
    expect(await answer('lubrication', passages, { similarity })).toContain('Oil the bearing once a month.');
  });

  test('is asked for each need by itself, so that what is near to one does not hide the other', async () => {
    const two: Passage[] = [
      ['Lubrication', 'Put a drop on the shaft of the mixer once a month.'],
      ['Cleaning', 'Wash the bowl, the vessel below, with warm water.'],
    ];
    const asked: string[] = [];
    const similarity: Similarity = async (questions, units) => {
      asked.push(...questions);
      return questions.map((question) =>
        units.map((unit) => (unit.includes(question.includes('greased') ? 'shaft' : 'vessel') ? 1 : 0)),
      );
    };
    const text = await answer('How is the mixer greased, and how is the bowl kept clean?', two, {
      similarity,
    });
    expect(asked).toEqual(['How is the mixer greased', 'how is the bowl kept clean?']);
    expect(text).toContain('shaft');
    expect(text).toContain('vessel');
  });

  test('leaves a question about one option to the line that defines it', async () => {
    const options: Passage[] = [
      [
        'Mixer',
        '- `-speed`: Turns a minute.\n- `-eco`: Lowers the speed of the mixer. See `-speed`.\n- `-x`: Extra.',
      ],
    ];
    expect(await answer('What does the -speed option of the mixer do?', options)).toBe(
      '**Mixer**\n\n- `-speed`: Turns a minute. [1]',
    );
    expect(await answer('What sets the speed of the mixer?', options)).toContain('`-eco`');
  });

  test('is asked for 24 units at most, and not missed when it fails', async () => {
    const many: Passage[] = [
      ['Care', Array.from({ length: 80 }, (_, at) => `Wipe bowl number ${at} daily.`).join(' ')],
    ];
    let asked = 0;
    const failing: Similarity = async (_, units) => {
      asked = units.length;
      throw new Error('no encoder');
    };
    expect(await answer('bowl', many, { similarity: failing })).toBe(await answer('bowl', many));
    expect(asked).toBe(24);
  });
});

describe('hostile Markdown', () => {
  test('numbers in brackets, markup and HTML of a passage cannot pass for citations or formatting', async () => {
    const text = await answer('lid', [
      [
        'Lid',
        'The lid \\[7\\] is <b>blue</b> & data\\[9\\] of 2 \\* 3 is #1.\n\n# Lid\n\n\\# The lid is open.',
      ],
    ]);
    expect(text).toMatch(/\[1\]/u);
    expect(text.match(/(?<!\\)\[\d+(?<!\\)\]/gu)?.every((marker) => marker === '[1]')).toBe(true);
  });

  test.each([
    ['quotes', '>'.repeat(10_000)],
    ['lists', '- '.repeat(5_000)],
    ['brackets', '['.repeat(10_000)],
    ['letters', 'a@b.c'.repeat(3_000)],
    ['an unclosed fence', `\`\`\`\n${'x_y '.repeat(3_000)}`],
  ])('thousands of %s in a row are read, and quoted briefly if at all', async (_, text) => {
    expect(
      (await answer('how do I close the lid?', [['Lid', `${text}\n\nThe lid closes.`]])).length,
    ).toBeLessThan(2_500);
  });

  const HOSTILE = fc.stringMatching(
    /^(?:[a-z ]{1,6}|\n|\n\n|# |> |- |1\. |```|~~~|`|\*\*|_|\[|\]|\(|\)|!\[|<b>|<!--|-->|<script>|https?:\/\/x\.y|www\.x\.yy|\||\|-\||\n\|a\|b\|\n\|-\|-\|\n|:|\\|&lt;|\[1\]|\[\^1\]){0,40}$/u,
  );

  test('property: whatever the passages hold, the answer has no URL but in code, no HTML, no image, and only real markers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.array(fc.tuple(HOSTILE, HOSTILE), { maxLength: 4 }),
        async (question, passages) => {
          const text = await answer(question, passages);
          const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
          visit(tree, (node) => {
            expect(['html', 'image', 'link', 'linkReference', 'imageReference', 'definition']).not.toContain(
              node.type,
            );
            if (node.type !== 'text') return;
            expect(node.value).not.toMatch(/https?:\/\//u);
            for (const [, marker] of node.value.matchAll(/(?<=\s)\[(\d+)\]$/gu))
              expect(Number(marker)).toBeLessThanOrEqual(passages.length);
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('word for word', () => {
  const WORDS = fc
    .array(
      fc.constantFrom(
        'the',
        'lid',
        'drum',
        'spin_drum',
        '`-seed`',
        'turns',
        'e.g.',
        '40',
        '*blue*',
        'Bread,',
      ),
      { minLength: 1, maxLength: 9 },
    )
    .map((words) => words.join(' '));
  const SENTENCE = WORDS.map((words) => `A ${words} b.`);
  const BLOCK = fc.oneof(
    fc.array(SENTENCE, { minLength: 1, maxLength: 4 }).map((all) => all.join(' ')),
    fc.array(SENTENCE, { minLength: 1, maxLength: 6 }).map((all) => all.map((one) => `- ${one}`).join('\n')),
    fc
      .array(SENTENCE, { minLength: 1, maxLength: 6 })
      .map((all) => all.map((one, at) => `${at + 1}. ${one}`).join('\n')),
    fc
      .array(fc.tuple(WORDS, SENTENCE), { minLength: 1, maxLength: 5 })
      .map((rows) =>
        ['| Flag | Meaning |', '|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
      ),
    fc.array(WORDS, { minLength: 1, maxLength: 30 }).map((lines) => ['```tcl', ...lines, '```'].join('\n')),
    WORDS.map((words) => `## ${words}`),
    WORDS.map((words) => `To ${words}:`),
  );
  const PASSAGE = fc.tuple(
    WORDS,
    fc.array(BLOCK, { minLength: 1, maxLength: 6 }).map((blocks) => blocks.join('\n\n')),
  );
  const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, '');

  test('property: every line is in the passage that its marker names', async () => {
    await fc.assert(
      fc.asyncProperty(
        WORDS,
        fc.constantFrom('how do I', 'what is', 'which options of', 'why'),
        fc.array(PASSAGE, { minLength: 1, maxLength: 4 }),
        async (words, opening, passages) => {
          const text = await answer(`${opening} ${words}?`, passages);
          const everything = letters(passages.flat().join(' '));
          for (const line of text.split('\n').filter((one) => !one.startsWith('```'))) {
            const [, quoted = line, marker] = /^(?:- |\d+\. )?(.*) \[(\d+)\]$/u.exec(line) ?? [];
            const source =
              marker === undefined ? everything : letters((passages[Number(marker) - 1] ?? []).join(' '));
            for (const piece of quoted.split('…')) expect(source).toContain(letters(piece));
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('an address inside a command can be copied; one in running text is no link', async () => {
  const text =
    'To use a local server, set its address. See https://evil.example/x for the server.\n\n```sh\nexport BASE_URL=http://localhost:11434/v1\nrun --server\n```\n';
  const quoted = await answer('How do I use a local server?', [['Servers', text]]);
  expect(quoted).toContain('export BASE_URL=http://localhost:11434/v1');
  expect(quoted).not.toContain('evil.example');
});

test('an address in a title or in escaped backticks is no command, and no link', async () => {
  const table = 'Set the server.\n\n~~~\nrun --server now\nrun --again\n~~~\n';
  const quoted = await answer('How do I run the server?', [['`http://evil.example/t`', table]]);
  expect(quoted).toContain('run --server now');
  expect(quoted).not.toContain('evil.example');
  expect(withoutLinks('\\`http://a.example\\` and `http://b.example`')).toBe('\\`…` and `http://b.example`');
});
