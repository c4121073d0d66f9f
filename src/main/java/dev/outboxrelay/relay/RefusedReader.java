package dev.outboxrelay.relay;

import dev.outboxrelay.store.Limits;
import java.util.Set;

/**
 * Looks whether a refused message waits for its retry, before a truncate goes past. One without a
 * key blocks no gate, so the gates do not tell; and the table tells also what was refused before
 * this relay came.
 */
final class RefusedReader {
  /** How soon, and how seldom, it is looked again while one waits. */
  private static final long SOON_MILLIS = 20;

  private static final long SELDOM_MILLIS = 1000;

  private final Backlog backlog;
  private final LaneContext context;

  /** None waited when that was looked for, and nothing was sent since. */
  private boolean none;

  private boolean looking;

  RefusedReader(Backlog backlog, LaneContext context) {
    this.backlog = backlog;
    this.context = context;
  }

  /**
   * Whether none waits; looks, when that is not known. To be asked while nothing is in memory that
   * could be refused.
   */
  boolean isNone() {
    if (!none) {
      look();
    }
    return none;
  }

  /** A truncate goes: whatever comes after it may be refused. */
  void forget() {
    none = false;
  }

  private void look() {
    if (looking) {
      return;
    }
    looking = true;
    Limits one = backlog.limits(1, 1);
    backlog.read(
        "refused messages of ",
        () -> context.store().due(backlog.name(), true, Set.of(), one, backlog.encoding()),
        (refused, ticket) -> {
          Long next = refused.nextDueMillis().get(backlog.name());
          none = refused.messages().isEmpty() && next == null;
          if (none) {
            looking = false;
            backlog.pump();
            return;
          }
          long delayMillis = next == null ? SOON_MILLIS : Math.max(SOON_MILLIS, next);
          backlog.later(Math.min(SELDOM_MILLIS, delayMillis), () -> looking = false);
        },
        () -> {});
  }
}
