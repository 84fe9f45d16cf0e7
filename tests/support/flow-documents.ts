// A small manual of an invented chip flow, as files: what the tests of the whole program ingest and ask about.

/** Path -> text. */
export const FLOW_DOCUMENTS: Readonly<Record<string, string>> = {
  'timing.md': `# Timing reports

## Setup slack

Run \`list_setup_paths -worst 10\` to list the ten worst setup paths of the block.
The report names the launching and the capturing register of each path.

## Hold slack

Run \`list_hold_paths -worst 10\` to list the ten worst hold paths of the block.
Hold violations are repaired with delay cells once the clock tree stands.
`,
  'clock-tree.md': `# Clock tree

The clock tree is built by \`weave_clock\`, which balances the arrival at all registers.

## Skew target

Set the skew target with \`weave_clock -skew 0.05\`; the number is in nanoseconds.
A target below 0.02 is refused, because no buffer of the library is that precise.
`,
  'routing.md': `# Routing

Detailed routing starts with \`draw_wires\` and stops when no short is left or after 64 rounds.

## Antenna repair

Antenna violations are repaired by inserting diodes with \`mend_antennas\` before the last round of routing.

## Layers

The lowest layer for signals is M2 and the highest is M7; power straps use M8.
`,
  'floorplan.rst': `Floorplan
=========

Utilisation
-----------

Keep the core utilisation below 70 percent, so that the clock tree finds room for its buffers.

Macros
------

Macros are placed by hand with \`\`seat_macro\`\`, ten microns apart.
`,
  'power.txt': `Power analysis

Switching activity is read from a waveform file with read_activity.
Without a waveform the default toggle rate of 0.1 is assumed for every net.
`,
};

/** A question that the documents answer, what the answer must name, and the document and heading it stands in. */
export const ANSWERABLE = {
  setup: { question: 'How do I list the worst setup paths?', says: 'list_setup_paths', path: 'timing.md' },
  skew: {
    question: 'How is the skew target of the clock tree set?',
    says: 'weave_clock',
    path: 'clock-tree.md',
  },
  antenna: { question: 'How are antenna violations repaired?', says: 'mend_antennas', path: 'routing.md' },
} as const;

/** A question about something else altogether. */
export const STRAY = 'Who won the football cup last summer?';
