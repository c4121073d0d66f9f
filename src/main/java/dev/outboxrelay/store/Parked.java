// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import java.util.List;

/**
 * A gate with messages that were refused, or with messages held behind one that no longer stands.
 *
 * <p>There are several refused ones when earlier ones were delivered at last, and the relay lost
 * its memory before that stood in the table.
 *
 * @param gate whose
 * @param refusedIds the smallest ids of its refused or failed messages, at most {@link
 *     #MAX_REFUSED}, in order; none when only held ones are left
 * @param firstHeldId the smallest id of its held messages, 0 when there are none
 */
public record Parked(Gate gate, List<Long> refusedIds, long firstHeldId) {
  /** More of one gate are only what people have set aside, whose order is not promised. */
  public static final int MAX_REFUSED = 100;

  public Parked {
    refusedIds = List.copyOf(refusedIds);
  }
}
