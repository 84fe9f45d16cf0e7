// The port: who writes the answer.

/** A passage as the writer sees it. The writer refers to it by `[marker]` and by nothing else. */
export interface NumberedPassage {
  /** 1-based. */
  readonly marker: number;
  /** Document title and headings, joined by ` > `. */
  readonly title: string;
  readonly text: string;
  /** What stands around it in the same section, as far as there is room: to be understood by, and cited by the same marker. */
  readonly context?: { readonly before: string; readonly after: string };
}

export interface Prompt {
  /** What the writer is and how it must write. Trusted; everything below is not. */
  readonly instructions: string;
  /** Earlier exchanges of the thread, oldest first. */
  readonly history: readonly { readonly question: string; readonly answer: string }[];
  readonly question: string;
  /** Best first. */
  readonly passages: readonly NumberedPassage[];
}

/** How the writing ended, where the writer can tell; at most one, after the last text. */
export interface Ending {
  /** `cut`: the model reached a limit of length, and what was yielded stands but is not all. */
  readonly finish: 'complete' | 'cut';
  /** As counted by the other side, where it counts. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

export interface LanguageModel {
  /** For people and for the answer's `model`: `gpt-5-mini`, `extractive`. */
  readonly name: string;
  /** True when the text is quoted from the passages word for word, so that the answer is marked as such. */
  readonly quotes: boolean;
  /**
   * Streams Markdown with `[n]` markers and no URL, and may say at last how it ended. Rejects with `language_model_unavailable` (retryable says whether
   * trying again may help), `language_model_refused` or `timeout`. What was yielded before a rejection stands.
   */
  stream(prompt: Prompt, signal: AbortSignal): AsyncIterable<string | Ending>;
}
