// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.List;

/**
 * Where the messages begin that a destination is owed, so that nobody has to walk over those that
 * were delivered before: while some session holds an old snapshot their rows stay in the table, and
 * in its indexes.
 *
 * <p>INVARIANT: of all that is visible in the snapshot, each pending message without a due time has
 * an id of {@code firstId} or more, or is one of {@code earlier}. Once true it stays so, whoever
 * delivers, refuses or discards: what becomes pending again has a new transaction id.
 *
 * @param snapshot what it holds for
 * @param firstId every pending id that is not among the earlier ones is this or larger
 * @param earlier pending ids below {@code firstId}, in order; most of them may be gone
 */
public record Mark(String snapshot, long firstId, List<Long> earlier) {
  /** So many ids may stand apart: a few messages that stay long hold nothing up. */
  public static final int MAX_EARLIER = 100;

  /** With copies. */
  public Mark {
    earlier = List.copyOf(earlier);
  }

  /**
   * From what is known to be pending.
   *
   * @param bound every pending message that is visible in the snapshot and not among {@code ids}
   *     has an id of this or more
   * @param ids pending ids, the smallest {@link #MAX_EARLIER} and one more at least, in order
   */
  public static Mark of(String snapshot, long bound, List<Long> ids) {
    List<Long> below = ids.stream().filter(id -> id < bound).toList();
    if (below.size() <= MAX_EARLIER) {
      return new Mark(snapshot, bound, below);
    }
    return new Mark(snapshot, below.get(MAX_EARLIER), below.subList(0, MAX_EARLIER));
  }

  /**
   * The same, as of a later snapshot.
   *
   * @param first the smallest pending id of what is visible in the later one, and not in this one
   */
  public Mark asOf(String later, long first) {
    return new Mark(later, Math.min(firstId, first), earlier);
  }
}
