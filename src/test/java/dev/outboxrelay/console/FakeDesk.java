// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** A database that knows what the test says, and remembers what was done. */
final class FakeDesk implements Desk {
  final AtomicInteger looks = new AtomicInteger();
  final List<String> done = new CopyOnWriteArrayList<>();

  /** Each step of a work takes one. */
  final Semaphore steps = new Semaphore(0);

  volatile List<Row> destinations = List.of();
  volatile List<Row> failed = List.of();
  volatile List<Row> payloads = List.of();
  volatile List<Row> captures = List.of();
  volatile List<Row> replays = List.of();
  volatile List<Row> findings = List.of();
  volatile Problem problem;

  /** How many match, where they are more than are shown. */
  volatile long matching = -1;

  /** A row as {@code outbox.status} has it. */
  static Row destination(String name) {
    return Row.of(
        "destination",
        name,
        "uri",
        "tcp://127.0.0.1:9",
        "paused",
        false,
        "pending",
        0L,
        "retry",
        0L,
        "held",
        0L,
        "failed",
        0L,
        "owner",
        "relay",
        "epoch",
        1L,
        "down_since",
        null,
        "last_error",
        null,
        "last_error_at",
        null,
        "stalled_since",
        null,
        "oldest_at",
        null,
        "owed_bytes",
        0L);
  }

  static Row failedMessage(String id, String key, String error) {
    return Row.of(
        "id",
        id,
        "number",
        1L,
        "destination",
        "shop",
        "op",
        "insert",
        "source_schema",
        "public",
        "source_table",
        "orders",
        "type",
        null,
        "key",
        key,
        "attempts",
        3L,
        "created_at",
        Instant.parse("2026-11-22T12:00:00Z"),
        "last_error",
        error);
  }

  /** One that is under way. */
  static Row replay(long id, String destination) {
    return Row.of(
        "id",
        String.valueOf(id),
        "destination",
        destination,
        "to_destination",
        destination,
        "tables",
        List.of("public.orders"),
        "keys",
        null,
        "since",
        Instant.parse("2026-11-22T11:00:00Z"),
        "until",
        null,
        "condition",
        null,
        "messages",
        41_000L,
        "started_at",
        Instant.parse("2026-11-22T12:00:00Z"),
        "started_by",
        "anna",
        "step_at",
        Instant.parse("2026-11-22T12:01:00Z"),
        "ended_at",
        null,
        "cancelled_by",
        null,
        "moves",
        true,
        "percent",
        41L);
  }

  private void check() {
    Problem now = problem;
    if (now != null) {
      throw now;
    }
  }

  @Override
  public List<Row> look() {
    looks.incrementAndGet();
    check();
    return destinations;
  }

  @Override
  public void rest() {}

  @Override
  public List<Row> failed(Selection selection, String destination, long number, int limit) {
    check();
    return failed;
  }

  @Override
  public long count(Selection selection) {
    check();
    return matching < 0 ? failed.size() : matching;
  }

  @Override
  public List<Row> payload(MessageName name, int characters) {
    return payloads;
  }

  @Override
  public List<Row> explain(MessageName name) {
    return List.of(Row.of("reason", "failed", "explanation", "it was refused 3 times"));
  }

  @Override
  public List<Row> captures() {
    return captures;
  }

  @Override
  public List<Row> replays() {
    check();
    return replays;
  }

  @Override
  public boolean cancelReplay(long id) {
    check();
    done.add("cancel replay " + id);
    replays =
        replays.stream()
            .map(
                row ->
                    row.text("id").equals(String.valueOf(id))
                        ? row.with("ended_at", Instant.parse("2026-11-22T12:30:00Z"))
                            .with("cancelled_by", "relay")
                            .with("moves", false)
                        : row)
            .toList();
    return true;
  }

  @Override
  public List<Row> doctor() {
    return findings;
  }

  @Override
  public boolean pause(String destination, boolean paused) {
    check();
    done.add((paused ? "pause " : "resume ") + destination);
    return true;
  }

  @Override
  public void mustBeAllowed(Action action) {
    check();
  }

  @Override
  public List<String> act(Action action, List<MessageName> names) {
    check();
    List<String> texts = names.stream().map(MessageName::text).toList();
    done.add(action + " " + texts);
    failed = failed.stream().filter(row -> !texts.contains(row.text("id"))).toList();
    return texts;
  }

  @Override
  public Repair.Outcome act(Action action, Selection selection, Repair.Progress progress) {
    long looked = 0;
    long all = matching < 0 ? 3000 : matching;
    while (progress.at(looked, looked, all)) {
      if (looked >= all) {
        done.add(action + " all");
        return new Repair.Outcome(all, all, true);
      }
      steps.acquireUninterruptibly();
      looked += all / 3;
    }
    return new Repair.Outcome(all, looked, looked >= all);
  }
}
