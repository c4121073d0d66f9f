// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.threads.Errors;
import java.time.Instant;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is done to all failed messages that match: one such work at a time, on a thread of its own,
 * in steps of a thousand, and each page sees how far it has come. It goes on when the page that
 * began it is closed. Safe for threads.
 */
final class Work implements AutoCloseable {
  /** A statement of the database is not waited for. */
  private static final long CLOSING_MILLIS = 200;

  private final Desk desk;
  private final Deeds deeds;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "console-work");
            made.setDaemon(true);
            return made;
          });

  private volatile @Nullable Row state;
  private volatile boolean stopAsked;
  private boolean running;
  private long count;

  Work(Desk desk, Deeds deeds) {
    this.desk = desk;
    this.deeds = deeds;
  }

  /** How far the last one has come, null when there was none yet. */
  @Nullable Row state() {
    return state;
  }

  /** Begins. */
  synchronized Row begin(Action action, Selection selection, Person person) {
    if (running) {
      throw new Problem(
          409,
          "another work is under way",
          "wait for its end, or stop it; what it has done stays done");
    }
    Row begun =
        Row.of(
            "work",
            ++count,
            "action",
            action.name().toLowerCase(java.util.Locale.ROOT),
            "by",
            person.name(),
            "which",
            words(selection),
            "begun_at",
            Instant.now(),
            "matching",
            null,
            "looked",
            0L,
            "done",
            0L,
            "state",
            "running");
    deeds.note(
        person,
        "begins to " + begun.text("action") + " all failed messages of " + begun.text("which"));
    running = true;
    stopAsked = false;
    state = begun;
    thread.execute(() -> run(action, selection, person, begun));
    return begun;
  }

  /** Has it end after the step that is under way. */
  synchronized void stop(Person person) {
    if (!running) {
      throw new Problem(409, "no work is under way", "nothing needs to be stopped");
    }
    stopAsked = true;
    deeds.note(person, "stops the work that is under way");
  }

  private void run(Action action, Selection selection, Person person, Row begun) {
    Row end;
    try {
      Repair.Outcome outcome =
          desk.act(
              action,
              selection,
              (looked, done, matching) -> {
                state = begun.with("matching", matching).with("looked", looked).with("done", done);
                return !stopAsked;
              });
      end =
          now(begun)
              .with("matching", outcome.matching())
              .with("done", outcome.done())
              .with("state", outcome.complete() ? "done" : "stopped");
    } catch (Problem e) {
      end = now(begun).with("state", "failed").with("error", e.words()).with("remedy", e.remedy());
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      end =
          now(begun)
              .with("state", "failed")
              .with("error", Errors.words(e))
              .with("remedy", "this is a bug: please report it");
    }
    synchronized (this) {
      running = false;
      state = end.with("ended_at", Instant.now());
    }
    deeds.note(
        person,
        action.past()
            + " "
            + end.number("done")
            + " of "
            + end.number("matching")
            + " failed messages of "
            + begun.text("which")
            + ": "
            + end.text("state")
            + (end.get("error") == null ? "" : " (" + end.text("error") + ")"));
  }

  private Row now(Row begun) {
    Row at = state;
    return at == null ? begun : at;
  }

  /** What was chosen, for people. */
  static String words(Selection selection) {
    StringBuilder words = new StringBuilder();
    add(words, "destination ", selection.destination());
    add(words, "table ", selection.table());
    add(words, "key ", selection.key());
    add(words, "written from ", selection.since());
    add(words, "written before ", selection.until());
    add(words, "error ", selection.error());
    return words.isEmpty() ? "all destinations" : words.toString();
  }

  private static void add(StringBuilder words, String what, @Nullable Object value) {
    if (value != null) {
      words.append(words.isEmpty() ? "" : ", ").append(what).append(value);
    }
  }

  /** Ends after the step that is under way, or without it. */
  @Override
  public void close() {
    stopAsked = true;
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSING_MILLIS, TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
