// Ratings that are only noted down.
import type { Rated, Rating, Ratings } from '../../src/conversation/platform.js';

export class RecordingRatings implements Ratings {
  readonly given: Rating[] = [];
  /** What the next ones are told. */
  rated: Rated = 'kept';

  async rate(rating: Rating): Promise<Rated> {
    this.given.push(rating);
    return this.rated;
  }
}
