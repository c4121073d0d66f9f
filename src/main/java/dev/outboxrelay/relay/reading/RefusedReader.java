// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.store.Batch;
import java.util.function.Consumer;

/**
 * Looks whether a refused message waits for its retry, before a truncate goes past. One without a
 * key blocks no gate, so the gates do not tell; and the table tells also what was refused before
 * this relay came.
 */
public final class RefusedReader {
  /** How soon, and how seldom, it is looked again while one waits. */
  private static final long SOON_MILLIS = 20;

  private static final long SELDOM_MILLIS = 1000;

  /** Does something later, and then whatever can be done. */
  public interface Later {
    void in(long delayMillis, Runnable action);
  }

  private final Consumer<Consumer<Batch>> look;
  private final Later later;
  private final Runnable onNone;

  /** None waited when that was looked for, and nothing was sent since. */
  private boolean none;

  private boolean looking;

  /**
   * @param look reads the first refused message, or when the next one will be due
   * @param onNone is called when a look has found none
   */
  public RefusedReader(Consumer<Consumer<Batch>> look, Later later, Runnable onNone) {
    this.look = look;
    this.later = later;
    this.onNone = onNone;
  }

  /**
   * Whether none waits; looks, when that is not known. To be asked while nothing is in memory that
   * could be refused.
   */
  public boolean isNone() {
    if (!none && !looking) {
      looking = true;
      look.accept(this::came);
    }
    return none;
  }

  /** A truncate goes: whatever comes after it may be refused. */
  public void forget() {
    none = false;
  }

  private void came(Batch refused) {
    none = refused.messages().isEmpty() && refused.nextDueMillis().isEmpty();
    if (none) {
      looking = false;
      onNone.run();
      return;
    }
    long dueMillis = refused.nextDueMillis().values().stream().mapToLong(m -> m).min().orElse(0);
    long delayMillis = Math.min(SELDOM_MILLIS, Math.max(SOON_MILLIS, dueMillis));
    later.in(delayMillis, () -> looking = false);
  }
}
