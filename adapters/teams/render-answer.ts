// An answer or a notice as the messages Teams shows: text, sources, citation claims.
import type { Activity } from 'botbuilder';
import {
  type Answer,
  type Citation,
  type Notice,
  nearestLine,
  placesOf,
} from '../../src/conversation/answer.js';
import { splitMessage } from './split-message.js';
import { plainToMarkdown, teamsMarkdown } from './teams-markdown.js';

/** Limits of the citation entity; Teams answers 400 beyond them. */
const CLAIMS = 20;
const NAME = 80;
const ABSTRACT = 160;
const KEYWORDS = 3;
const KEYWORD = 28;

/** The messages of `answer`, in order, never none. Each cites exactly what its own text marks; the first can be rated. */
export function renderAnswer(answer: Answer): Partial<Activity>[] {
  const sections = [teamsMarkdown(answer.markdown).trim()];
  if (answer.note !== undefined) sections.push(`_${plainToMarkdown(oneLine(answer.note))}_`);
  if (answer.citations.length > 0) {
    const lines = answer.citations.map((source) => `- **${source.marker}.** ${sourceLine(source)}`);
    sections.push('**Sources**', lines.join('\n'));
  }
  if (answer.nearest.length > 0) {
    const lines = answer.nearest.map((near) => {
      const line = plainToMarkdown(oneLine(nearestLine(near)));
      return `- ${sourceLine(near)}${line === '' ? '' : `: ${line}`}`;
    });
    sections.push('**Closest documents**', lines.join('\n'));
  }
  const text = sections.filter((section) => section !== '').join('\n\n');
  return splitMessage(text).map((part, at) => ({
    ...message(part, [labelled(citedIn(part, answer.citations))]),
    ...(at === 0 ? { channelData: { feedbackLoop: { type: 'default' } } } : {}),
  }));
}

/** A notice is about the bot, not by a model: it carries no label and no citations. */
export function renderNotice(notice: Notice): Partial<Activity> {
  const text = plainToMarkdown(notice.text.trim()).replace(/^(\s{0,3})([#>+-])/gm, '$1\\$2');
  return message(`${text}\n\n_Reference: ${plainToMarkdown(oneLine(notice.reference))}_`);
}

/** A message of `text` in Teams Markdown. */
export function message(text: string, entities: NonNullable<Activity['entities']> = []): Partial<Activity> {
  return { type: 'message', text, textFormat: 'markdown', ...(entities.length === 0 ? {} : { entities }) };
}

/** Teams wants exactly one entity of this type in a message, and in it every citation. */
function labelled(citations: readonly Citation[]) {
  return {
    type: 'https://schema.org/Message',
    '@type': 'Message',
    '@context': 'https://schema.org',
    additionalType: ['AIGeneratedContent'],
    ...(citations.length === 0 ? {} : { citation: citations.map(claim) }),
  };
}

function citedIn(text: string, citations: readonly Citation[]): Citation[] {
  return citations.filter(({ marker }) => text.includes(`[${marker}]`)).slice(0, CLAIMS);
}

function claim(citation: Citation) {
  const { marker, title, path, excerpt, place } = citation;
  const name = cut(oneLine(title) || oneLine(place) || `Source ${marker}`, NAME);
  const keywords = path
    .slice(-KEYWORDS)
    .map((part) => cut(oneLine(part), KEYWORD))
    .filter((part) => part !== '');
  const url = httpsUrl(citation.href);
  return {
    '@type': 'Claim',
    position: marker,
    appearance: {
      '@type': 'DigitalDocument',
      name,
      abstract: cut(oneLine(excerpt) || name, ABSTRACT),
      ...(url === undefined ? {} : { url }),
      ...(keywords.length === 0 ? {} : { keywords }),
    },
  };
}

/** `[Title › Path](link) · place`, the place as code: not every client shows the claims, so the sources also stand in the text. */
function sourceLine(citation: Citation): string {
  const { title, path, href } = citation;
  const name = plainToMarkdown(
    [title, ...path]
      .map(oneLine)
      .filter((part) => part !== '')
      .join(' › '),
  );
  const url = httpsUrl(href);
  const shown = url === undefined ? name : `[${name}](${url})`;
  return [shown, codeSpan(oneLine(placesOf(citation)))].filter((part) => part !== '').join(' · ');
}

/** Places are paths and lines: they read best as code, and need no escaping there. */
function codeSpan(text: string): string {
  return text === '' || text.includes('`') || /<\/?at\b/i.test(text) ? plainToMarkdown(text) : `\`${text}\``;
}

/** A link that can end neither its Markdown nor its tag early; undefined for anything but https. */
function httpsUrl(href: string | undefined): string | undefined {
  if (href === undefined || !URL.canParse(href)) return undefined;
  const url = new URL(href);
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined;
  return url.href.replace(/[()<>"'\\]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** At most `length` UTF-16 units, no character parted. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text
    .slice(0, length - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`;
}
