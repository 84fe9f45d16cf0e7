// A retriever that goes on with the words when the encoder fails: an answer found by words is better than none.
import type { Logger } from 'pino';
import { ChipwrightError } from '../errors.js';
import type { Retriever } from './retriever.js';

/** `retriever`, searching by words alone where it rejects with `encoder_unavailable`; `mode` of what is found says so. */
export function orWordsAlone(retriever: Retriever, log: Logger): Retriever {
  return {
    async search(question, filter, limit, mode) {
      try {
        return await retriever.search(question, filter, limit, mode);
      } catch (error) {
        if (!(error instanceof ChipwrightError) || error.code !== 'encoder_unavailable') throw error;
        log.warn({ err: error }, 'a question is searched by words alone');
        return retriever.search(question, filter, limit, 'lexical');
      }
    },
  };
}
