// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.threads.Errors;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is done to all failed messages that match: one such work at a time, on a thread of its own,
 * in steps of a thousand, and each page sees how far it has come. It goes on when the page that
 * began it is closed. Safe for threads.
 */
final class Work implements AutoCloseable {
  /** The step that is under way is waited for; a look for what matches may take longer. */
  private static final long CLOSING_MILLIS = 1000;

  /** How often the log hears how far it has come: what is cut off says nothing any more. */
  private static final long NOTE_EACH_NANOS = 30_000_000_000L;

  private final Desk desk;
  private final Deeds deeds;
  private final Predicate<Person> isStillKnown;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "console-work");
            made.setDaemon(true);
            return made;
          });

  private volatile @Nullable Row state;
  private volatile boolean stopAsked;
  private volatile boolean closing;
  private boolean running;
  private @Nullable Person begunBy;
  private long count;

  /**
   * Of a console.
   *
   * @param isStillKnown whether a person's right stands as it did when the work was begun
   */
  Work(Desk desk, Deeds deeds, Predicate<Person> isStillKnown) {
    this.desk = desk;
    this.deeds = deeds;
    this.isStillKnown = isStillKnown;
  }

  /** How far the last one has come, null when there was none yet. */
  @Nullable Row state() {
    return state;
  }

  /** Begins. */
  synchronized Row begin(Action action, Selection selection, Person person) {
    if (closing) {
      throw new Problem(503, "the relay is ending", "try again when it is back");
    }
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
            action.name().toLowerCase(Locale.ROOT),
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
    begunBy = person;
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
      long[] notedNanos = {System.nanoTime()};
      Repair.Outcome outcome =
          desk.act(
              action,
              selection,
              (looked, done, matching) -> {
                Row now =
                    begun.with("matching", matching).with("looked", looked).with("done", done);
                state = now;
                if (System.nanoTime() - notedNanos[0] >= NOTE_EACH_NANOS) {
                  notedNanos[0] = System.nanoTime();
                  deeds.note(person, howFar(action, now) + ": it goes on");
                }
                return !stopAsked && isStillKnown.test(person);
              });
      end = ended(begun, person, outcome);
    } catch (Problem e) {
      String open = e.status() == 503 ? "; of the step under way it is not known" : "";
      end =
          now(begun)
              .with("state", "failed")
              .with("error", e.words() + open)
              .with("remedy", e.remedy());
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      end =
          now(begun)
              .with("state", "failed")
              .with("error", Errors.words(e))
              .with("remedy", "this is a bug: please report it");
    }
    end(action, person, end);
  }

  private Row ended(Row begun, Person person, Repair.Outcome outcome) {
    Row end = now(begun).with("matching", outcome.matching()).with("done", outcome.done());
    if (outcome.complete()) {
      return end.with("state", "done");
    }
    Row stopped = end.with("state", "stopped");
    if (closing) {
      return stopped
          .with("error", "the relay ends")
          .with("remedy", "begin it again when it is back");
    }
    return stopAsked
        ? stopped
        : stopped
            .with("error", person.name() + " may do this no more: the token was changed or removed")
            .with("remedy", "somebody who may can begin it again; what is done stays done");
  }

  /** The end is told once: what was cut short may still come to one. */
  private synchronized void end(Action action, Person person, Row end) {
    if (!running) {
      return;
    }
    running = false;
    state = end.with("ended_at", Instant.now());
    deeds.note(
        person,
        howFar(action, end)
            + ": "
            + end.text("state")
            + (end.get("error") == null ? "" : " (" + end.text("error") + ")"));
  }

  private static String howFar(Action action, Row at) {
    return action.past()
        + " "
        + at.number("done")
        + " of "
        + (at.get("matching") == null ? "an unknown number of" : at.text("matching"))
        + " failed messages of "
        + at.text("which");
  }

  private Row now(Row begun) {
    Row at = state;
    return at == null ? begun : at;
  }

  /** What was chosen, for people. */
  static String words(Selection selection) {
    StringBuilder words = new StringBuilder();
    add(words, "destination ", quoted(selection.destination()));
    add(words, "table ", quoted(selection.table()));
    add(words, "key ", quoted(selection.key()));
    add(words, "written from ", selection.since());
    add(words, "written before ", selection.until());
    add(words, "error ", quoted(selection.error()));
    return words.isEmpty() ? "all destinations" : words.toString();
  }

  /** As SQL has it: what is typed cannot look like a further condition. */
  private static @Nullable String quoted(@Nullable String text) {
    return text == null ? null : "'" + text.replace("'", "''") + "'";
  }

  private static void add(StringBuilder words, String what, @Nullable Object value) {
    if (value != null) {
      words.append(words.isEmpty() ? "" : ", ").append(what).append(value);
    }
  }

  /** Ends after the step that is under way, or says what is known of it. */
  @Override
  public void close() {
    closing = true;
    stopAsked = true;
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSING_MILLIS, TimeUnit.MILLISECONDS)) {
        thread.shutdownNow();
        cutShort();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      cutShort();
    }
  }

  private synchronized void cutShort() {
    Row at = state;
    Person person = begunBy;
    if (!running || at == null || person == null) {
      return;
    }
    end(
        Action.valueOf(at.text("action").toUpperCase(Locale.ROOT)),
        person,
        at.with("state", "cut short by the relay's end")
            .with("error", "a step of a thousand was under way, and is done or not"));
  }
}
