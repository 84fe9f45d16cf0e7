// The one skill there is: a question, answered from the documents.
import type { Logger } from 'pino';
import type { Answer, Citation, Grounding } from '../conversation/answer.js';
import type { IncomingMessage } from '../conversation/message.js';
import type { LanguageModel, NumberedPassage, Prompt } from '../language-model/language-model.js';
import { type Copy, headingLine, type Passage, placeLabel } from '../retrieval/passage.js';
import { RELEVANT, type Retrieval, type Retriever, WORTH_READING } from '../retrieval/retriever.js';
import { type AudienceFilter, mayRead } from '../safety/access.js';
import { safeHref } from '../safety/links.js';
import { type Directory, readersOf } from '../safety/readers.js';
import { sanitise, sanitisePlain } from '../safety/sanitise.js';
import { withoutMarkers } from './citations.js';
import { excerpt } from './excerpt.js';
import { standalone } from './follow-up.js';
import {
  attachmentsNotRead,
  BROKE_OFF,
  CUT_SHORT,
  emptyQuestion,
  NO_MODEL,
  NOT_FOUND,
  quotesInstead,
  unbacked,
} from './notices.js';
import { INSTRUCTIONS } from './prompts.js';
import type { Skill, SkillContext, Trace } from './skill.js';
import { stemsOf } from './statements.js';
import { unlessAborted } from './unless-aborted.js';
import { type Written, write } from './writing.js';

const NAME = 'question';

/** Passages an answer may rest on. */
const PASSAGES = 8;
/** Documents shown when nothing answered. */
const NEAREST = 3;
/** Other places named beside a source. */
const COPIES = 3;
/** Exchanges of the thread that the writer sees. */
const TURNS = 3;

export interface QuestionTools {
  readonly retriever: Retriever;
  /** Null: answers are quotes. */
  readonly languageModel: LanguageModel | null;
  /** Quotes the passages; also steps in when the language model fails. */
  readonly extractive: LanguageModel;
  readonly directory: Directory;
  /** Hosts that links may lead to; without it every https host. */
  readonly linkHosts?: readonly string[];
  readonly log: Logger;
  readonly now: () => number;
  readonly newId: () => string;
}

/** What an answer says beside who asked and from where. */
interface Outcome {
  readonly text: string;
  readonly grounding: Grounding;
  readonly citations?: readonly Citation[];
  readonly nearest?: readonly Citation[];
  readonly notes?: readonly string[];
  readonly model?: string;
}

/** Answers from what the readers of the answer may read; says so when the documents do not hold it. */
export function questionSkill(tools: QuestionTools): Skill {
  const { retriever, languageModel, extractive, log, now } = tools;

  function answer(message: IncomingMessage, outcome: Outcome): Answer {
    const notes = [...(outcome.notes ?? [])];
    if (message.attachments.length > 0) notes.push(attachmentsNotRead(message.attachments));
    return {
      id: tools.newId(),
      question: message.text,
      markdown: sanitise(outcome.text),
      citations: outcome.citations ?? [],
      grounding: outcome.grounding,
      nearest: outcome.nearest ?? [],
      ...(notes.length === 0 ? {} : { note: notes.join(' ') }),
      model: outcome.model ?? (languageModel ?? extractive).name,
    };
  }

  function cite(passage: Passage, marker: number, stems: ReadonlySet<string>): Citation {
    const href = passage.href === undefined ? undefined : safeHref(passage.href, tools.linkHosts);
    return {
      marker,
      passageId: passage.id,
      title: sanitisePlain(passage.document.title),
      path: passage.path.map(sanitisePlain),
      place: sanitisePlain(placeLabel(passage.document, passage.place)),
      ...(passage.alsoIn === undefined ? {} : { alsoIn: otherPlaces(passage, passage.alsoIn) }),
      ...(href === undefined ? {} : { href }),
      excerpt: excerpt([passage.text, passage.context?.before, passage.context?.after].join('\n\n'), stems),
      score: passage.score,
    };
  }

  function notFound(passages: readonly Passage[], question: string): Outcome {
    const documents = new Map<string, Passage>();
    for (const passage of passages)
      if (!documents.has(passage.document.id)) documents.set(passage.document.id, passage);
    const nearest = [...documents.values()]
      .slice(0, NEAREST)
      .map((passage, at) => cite(passage, at + 1, stemsOf(question)));
    return { text: NOT_FOUND, grounding: 'refused', nearest };
  }

  async function search(text: string, filter: AudienceFilter, signal: AbortSignal): Promise<Retrieval> {
    const found = await unlessAborted(retriever.search(text, filter, PASSAGES), signal);
    const readable = found.passages
      .filter(({ document }) => mayRead(filter, document.audience))
      .map((passage) => withReadableCopies(passage, filter));
    if (readable.length < found.passages.length) {
      log.error(
        { withheld: found.passages.length - readable.length },
        'the index gave passages that may not be read',
      );
    }
    return { ...found, passages: readable };
  }

  /** What the written text amounts to once its citations are checked; undefined when no citation is left. */
  function judge(
    written: Written,
    model: LanguageModel,
    passages: readonly Passage[],
    notes: string[],
  ): Outcome | undefined {
    const { text, cited, claims, backed, stems } = written.checked;
    // A quote may be too short to be a claim, and is still what the passage says.
    if (cited.length === 0 || (backed === 0 && !model.quotes)) return undefined;
    const missing = model.quotes ? 0 : claims - backed;
    if (missing > 0) notes.push(unbacked(missing, claims));
    if (written.error !== undefined) notes.push(BROKE_OFF);
    else if (written.cut) notes.push(CUT_SHORT);
    const citations = cited.flatMap((marker, at) => {
      const passage = passages[marker - 1];
      return passage === undefined ? [] : [cite(passage, at + 1, stems[at] ?? new Set())];
    });
    const whole = missing === 0 && written.error === undefined && !written.cut;
    return { text, grounding: whole ? 'grounded' : 'partial', citations, notes, model: model.name };
  }

  return {
    name: NAME,
    async *run(message: IncomingMessage, { history, signal }: SkillContext) {
      const started = now();
      const question = message.text.trim();
      if (question === '') {
        const nothing = answer(message, { text: emptyQuestion(message.attachments), grounding: 'refused' });
        yield { type: 'answer', answer: nothing, trace: emptyTrace(now() - started) };
        return;
      }
      yield { type: 'status', stage: 'searching' };
      const asked = { person: message.author, surface: message.surface, visibility: message.visibility };
      const filter = await readersOf(asked, tools, signal);
      const searched = standalone(question, history);
      const retrieval = await search(searched, filter, signal);
      const { passages } = retrieval;

      const written = now();
      let outcome: Outcome | undefined;
      let usage: Written['usage'];
      let firstTokenMs: number | undefined;
      const enough = languageModel === null ? RELEVANT : WORTH_READING;
      if (retrieval.confidence >= enough && passages.length > 0) {
        yield { type: 'status', stage: 'writing' };
        const prompt: Prompt = {
          instructions: INSTRUCTIONS,
          history: history
            .slice(-TURNS)
            .map((turn) => ({ question: turn.question, answer: withoutMarkers(turn.answer) })),
          question,
          passages: passages.map(numbered),
        };
        const notes: string[] = [];
        let writer = languageModel ?? extractive;
        if (languageModel === null) notes.push(NO_MODEL);
        let text = yield* write(writer, prompt, { signal, now });
        if (text.firstAt !== undefined && writer === languageModel) firstTokenMs = text.firstAt - written;
        outcome = judge(text, writer, passages, notes);
        const mayQuote = retrieval.confidence >= RELEVANT;
        if (outcome === undefined && text.error !== undefined && writer !== extractive && mayQuote) {
          log.warn({ err: text.error, model: writer.name }, 'the language model failed: quoting instead');
          notes.push(quotesInstead(text.error.code));
          writer = extractive;
          text = yield* write(writer, prompt, { signal, now });
          outcome = judge(text, writer, passages, notes);
        } else if (outcome !== undefined && text.error !== undefined) {
          log.warn({ err: text.error, model: writer.name }, 'the language model broke off');
        }
        if (outcome === undefined && text.error !== undefined) throw text.error;
        usage = text.usage;
      }
      const done = now();
      yield {
        type: 'answer',
        answer: answer(message, outcome ?? notFound(passages, searched)),
        trace: {
          skill: NAME,
          ...(retrieval.from === undefined ? {} : { from: retrieval.from }),
          passages: passages.map(({ id, document, score }) => ({
            id,
            document: document.id,
            version: document.version,
            score,
          })),
          mode: retrieval.mode,
          confidence: retrieval.confidence,
          audience: filter.tags,
          timings: {
            ...retrieval.timings,
            modelMs: done - written,
            totalMs: done - started,
            ...(firstTokenMs === undefined ? {} : { firstTokenMs }),
          },
          ...(usage === undefined ? {} : { usage }),
        },
      };
    },
  };
}

function numbered({ document, path, text, context }: Passage, at: number): NumberedPassage {
  return {
    marker: at + 1,
    title: headingLine(document.title, path),
    text,
    ...(context === undefined ? {} : { context }),
  };
}

/** A second check, as for passages: the name of a document can say too much already. */
function withReadableCopies({ alsoIn, ...passage }: Passage, filter: AudienceFilter): Passage {
  const copies = alsoIn?.filter(({ document }) => mayRead(filter, document.audience)) ?? [];
  return copies.length === 0 ? passage : { ...passage, alsoIn: copies };
}

/** The first few by name; with the source's name where it is another source. */
function otherPlaces({ document }: Passage, copies: readonly Copy[]): string[] {
  const named = copies.slice(0, COPIES).map((copy) => {
    const source = copy.document.source === document.source ? '' : `${copy.document.source}: `;
    const place = placeLabel(copy.document, copy.place);
    return sanitisePlain(`${source}${place}${copy.differs ? ' (another version)' : ''}`);
  });
  const more = copies.length - named.length;
  return more === 0 ? named : [...named, `${more} more`];
}

function emptyTrace(totalMs: number): Trace {
  return {
    skill: NAME,
    passages: [],
    mode: 'none',
    confidence: 0,
    audience: [],
    timings: { encodeMs: 0, searchMs: 0, modelMs: 0, totalMs },
  };
}
