// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.store.NoConnection;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.store.Trouble;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a failed statement means for the term. Most are repeated, and told. Some mean that the
 * database is lost. And where the schema may be another than it was, it is looked at before a word
 * is said: of a schema that is gone, every statement would tell. Lives on the core.
 */
final class Failures {
  /** The schema is not looked at more often, whatever fails. */
  private static final long LOOK_EVERY_MILLIS = 5000;

  /** Told at most, of what failed during one look. */
  private static final int MAX_WAITING = 1000;

  /** Looks at the schema: gives its state, or what keeps it from being seen. */
  interface Look {
    void start(Consumer<SchemaState> then, Consumer<String> failed);
  }

  private final Scheduler loop;
  private final Look look;
  private final Consumer<String> onLoss;
  private final Consumer<SchemaState> onEnd;
  private final List<Runnable> waiting = new ArrayList<>();
  private long schema;
  private boolean looking;
  private boolean looked;
  private long lookedAtNanos;

  /**
   * @param onLoss gets the reason when the term must end and begin anew
   * @param onEnd gets the state when the relay cannot go on
   */
  Failures(Scheduler loop, Look look, Consumer<String> onLoss, Consumer<SchemaState> onEnd) {
    this.loop = loop;
    this.look = look;
    this.onLoss = onLoss;
    this.onEnd = onEnd;
  }

  /**
   * A statement failed.
   *
   * @param tell says so, and that it will be repeated
   */
  void failed(Exception cause, Runnable tell) {
    if (!(cause instanceof SQLException problem)) {
      tell.run();
      return;
    }
    if (problem instanceof NoConnection) {
      onLoss.accept("no session for statements: " + Trouble.words(problem));
    } else if (Trouble.isReadOnly(problem)) {
      onLoss.accept("the server takes no writes: " + Trouble.words(problem));
    } else if (Trouble.doubtsSchema(problem)) {
      doubt(tell);
    } else {
      tell.run();
    }
  }

  /**
   * The schema has been seen.
   *
   * @param number its number in this database, 0 when there is none
   */
  void seen(long number) {
    if (number == schema) {
      return;
    }
    if (schema == 0) {
      schema = number;
      return;
    }
    looked = false;
    doubt(() -> onLoss.accept("the schema outbox was replaced"));
  }

  private void doubt(Runnable otherwise) {
    if (looked && loop.nanoTime() - lookedAtNanos < LOOK_EVERY_MILLIS * 1_000_000L) {
      otherwise.run();
      return;
    }
    if (waiting.size() < MAX_WAITING) {
      waiting.add(otherwise);
    }
    if (looking) {
      return;
    }
    looking = true;
    look.start(this::judge, reason -> settle());
  }

  private void judge(SchemaState state) {
    if (state == SchemaState.CURRENT) {
      settle();
      return;
    }
    waiting.clear();
    onEnd.accept(state);
  }

  private void settle() {
    looking = false;
    looked = true;
    lookedAtNanos = loop.nanoTime();
    List<Runnable> said = List.copyOf(waiting);
    waiting.clear();
    said.forEach(Runnable::run);
  }
}
