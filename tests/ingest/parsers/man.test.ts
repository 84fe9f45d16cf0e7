// Manual pages: man and mdoc sources, and pages that were formatted already.
import { describe, expect, it } from 'vitest';
import { parseMan } from '../../../ingest/parsers/man.js';
import { markdownOf, placesOf } from '../../support/mdast.js';

const parse = (source: string) => parseMan(Buffer.from(source), 'man/route.1');

describe('parseMan', () => {
  it('reads man macros: sections, options, listings', async () => {
    const { title, tree } = await parse(
      `.\\" a comment
.TH ROUTE 1 "2024"
.SH NAME
route \\- route all nets
.SH OPTIONS
.TP
.BR \\-f ", " \\-\\-fast
Be fast, with \\fIless\\fP care.
.TP
.B \\-q
Be quiet.
.SS Examples
.nf
route \\-f
  top
.fi
`,
    );
    expect(title).toBe('route(1)');
    expect(markdownOf(tree)).toBe(
      '# NAME\n\nroute - route all nets\n\n# OPTIONS\n\n- **-f**, **--fast**: Be fast, with *less* care.\n- **-q**: Be quiet.\n\n## Examples\n\n```\nroute -f\n  top\n```'.replace(
        '- **-f**, **--fast**: Be',
        '- **-f**, **--fast**: Be',
      ),
    );
    expect(placesOf(tree, 'heading')).toEqual(['3-3', '5-5', '12-12']);
    expect(placesOf(tree, 'code')).toEqual(['14-15']);
  });

  it('reads mdoc macros', async () => {
    const { tree } = await parse(
      '.Dt PLACE 8\n.Sh NAME\n.Nm place\n.Nd place cells\n.Sh OPTIONS\n.Bl -tag\n.It Fl d Ar density\nHow dense, see\n.Xr route 1 .\n.El\n',
    );
    expect(markdownOf(tree)).toBe(
      '# NAME\n\n`place` - place cells\n\n# OPTIONS\n\n- `-d density`: How dense, see `route(1)`.',
    );
  });

  it('reads a formatted page as text with headings', async () => {
    const { title, tree } = await parse(
      'ROUTE(1)     Commands     ROUTE(1)\n\nNAME\n       route - route all nets\n',
    );
    expect(title).toBe('route(1)');
    expect(markdownOf(tree)).toContain('# NAME\n\nroute - route all nets');
  });
});
