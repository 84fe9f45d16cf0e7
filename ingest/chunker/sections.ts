// The outline of a document: its nodes, grouped under the headings they stand below.
import type { Root, RootContent } from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';
import type { Place } from '../../src/retrieval/passage.js';
import { placeOf } from './block.js';
import { visible } from './write-markdown.js';

export interface Section {
  /** Headings down to this one, without the document's title. */
  readonly path: readonly string[];
  /** Where its heading stands; empty for what comes before the first one. */
  readonly headingPlace: Place;
  readonly nodes: RootContent[];
  /** No section stands below this one. */
  leaf: boolean;
}

/** The sections in document order; the first is what stands above every heading, and may be empty. */
export function sectionsOf(tree: Root, title: string): Section[] {
  const sections: Section[] = [{ path: [], headingPlace: {}, nodes: [], leaf: true }];
  const open: { depth: number; name: string; section: Section }[] = [];
  for (const node of tree.children) {
    if (node.type !== 'heading') {
      sections.at(-1)?.nodes.push(node);
      continue;
    }
    const name = visible(plainText(node)).replace(/\s+/g, ' ').trim();
    while ((open.at(-1)?.depth ?? 0) >= node.depth) open.pop();
    const parent = open.at(-1)?.section;
    if (parent) parent.leaf = false;
    const above = [...open.map((heading) => heading.name), name].filter((part) => part !== '');
    const section: Section = {
      path: above[0] === title ? above.slice(1) : above,
      headingPlace: placeOf(node),
      nodes: [],
      leaf: true,
    };
    open.push({ depth: node.depth, name, section });
    sections.push(section);
  }
  return sections;
}
