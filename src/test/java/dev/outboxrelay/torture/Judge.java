// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Counts at the end of a run: what the receivers got, against what the database says. */
final class Judge {
  private static final Duration LOST_COMMITS = Duration.ofSeconds(10);

  /** Answered and not yet off the table, at most: docs/internals/threads.md. */
  private static final int MOST_UNSETTLED = 10_000;

  private final List<Inbox> inboxes;
  private final Journal journal;
  private final FaultLog faults;
  private final List<FaultKind> kinds;
  private final List<String> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, Excuses> excuses = new HashMap<>();
  private long committed;
  private long delivered;
  private long undone;
  private long discarded;
  private long lost;
  private long phantom;
  private long differing;
  private long unexplained;

  /**
   * A judge.
   *
   * @param kinds of which each fault must have been made, and must have come to something
   */
  Judge(List<Inbox> inboxes, Journal journal, FaultLog faults, List<FaultKind> kinds) {
    this.kinds = kinds;
    this.inboxes = inboxes;
    this.journal = journal;
    this.faults = faults;
  }

  /**
   * The verdict.
   *
   * @param misbehaviour what was seen during the run
   * @param waits what waited too long
   */
  Verdict verdict(PostgresProcess postgres, List<String> misbehaviour, WaitTimes waits)
      throws SQLException {
    problems.addAll(misbehaviour);
    waits.tooLong().values().stream().limit(10).forEach(problems::add);
    try (Connection connection = postgres.connect(TortureRun.DATABASE)) {
      journal.resolve(connection);
      for (Inbox inbox : inboxes) {
        excuses.put(inbox.name(), Excuses.read(journal, connection, inbox.name()));
      }
      for (Inbox inbox : inboxes) {
        count(inbox, connection);
      }
    }
    inboxes.forEach(this::repetitions);
    List<Inbox.Judgement> judgements =
        inboxes.stream().map(inbox -> inbox.judge(excuses.get(inbox.name()))).toList();
    inboxes.forEach(inbox -> problems.addAll(inbox.problems()));
    notes.add(
        "transactions "
            + journal.transactions()
            + ", of them rolled back by their writers "
            + journal.rollbacks());
    notes.add(
        "undone by a crash of the server that their writers had not waited for: "
            + journal.undone().values().stream().mapToInt(Set::size).sum()
            + " changes, sent before that: "
            + undone
            + "; discarded by a person: "
            + discarded);
    Map<FaultKind, Long> deeds = faults.deeds();
    notes.add("what the faults did " + deeds);
    List<FaultKind> idle =
        kinds.stream().filter(kind -> deeds.getOrDefault(kind, 0L) == 0).toList();
    if (!idle.isEmpty()) {
      notes.add("not made, or to no effect " + idle);
    }
    return new Verdict(
        committed,
        delivered,
        inboxes.stream().mapToLong(inbox -> inbox.repeats().size()).sum(),
        lost,
        judgements.stream().mapToLong(Inbox.Judgement::neverAcknowledged).sum(),
        phantom,
        judgements.stream().mapToLong(Inbox.Judgement::outOfOrder).sum(),
        judgements.stream().mapToLong(Inbox.Judgement::tooEarly).sum(),
        judgements.stream().mapToLong(Inbox.Judgement::altered).sum(),
        unexplained,
        inboxes.stream().mapToLong(Inbox::lateEpochMillis).max().orElse(0),
        differing,
        waits.tooLong().size(),
        idle.size(),
        misbehaviour.size(),
        faults.counts(),
        problems,
        notes);
  }

  private void count(Inbox inbox, Connection connection) throws SQLException {
    Excuses excused = excuses.get(inbox.name());
    for (String table : inbox.target().sources()) {
      Set<Long> owed = journal.committed(table);
      Set<Long> got = inbox.changes(table);
      committed += owed.size();
      delivered += got.size();
      undone += common(got, excused.undone(table));
      discarded += excused.discarded(table).size();
      lost += missing(owed, union(got, excused.discarded(table)), inbox.name() + " lost " + table);
      phantom +=
          missing(got, union(owed, excused.undone(table)), inbox.name() + " phantom " + table);
      if (!table.equals(Legacy.PUBLISHED)) {
        List<String> differences = inbox.differences(table, marks(connection, table), excused);
        differing += differences.size();
        differences.stream().limit(5).forEach(words -> problems.add(inbox.name() + ": " + words));
      }
    }
  }

  private static long common(Set<Long> one, Set<Long> other) {
    return one.stream().filter(other::contains).count();
  }

  private static Set<Long> union(Set<Long> one, Set<Long> other) {
    Set<Long> all = new HashSet<>(one);
    all.addAll(other);
    return all;
  }

  private long missing(Set<Long> from, Set<Long> in, String what) {
    TreeSet<Long> missing = new TreeSet<>(from);
    missing.removeAll(in);
    missing.stream().limit(5).forEach(code -> problems.add(what + " " + Legacy.describe(code)));
    return missing.size();
  }

  private static Set<Long> marks(Connection connection, String table) throws SQLException {
    Set<Long> marks = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select mark from legacy." + table)) {
      while (rows.next()) {
        marks.add(rows.getLong(1));
      }
    }
    return marks;
  }

  /**
   * Repetitions that no fault accounts for, one by one and by their number: what comes again on one
   * connection is at most what was in flight, and what the server's crash took back.
   */
  private void repetitions(Inbox inbox) {
    Map<Integer, Integer> connections = new HashMap<>();
    for (Inbox.Repeat repeat : inbox.repeats()) {
      if (!faults.explains(inbox.name(), repeat)) {
        unexplained++;
        problems.add(inbox.name() + ": repeated without a fault: " + repeat);
      }
      if (!faults.lostWithTheServer(repeat, LOST_COMMITS)) {
        connections.merge(repeat.connection(), 1, Integer::sum);
      }
    }
    int most = connections.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    int limit = inbox.target().maxInFlight();
    if (most > limit + MOST_UNSETTLED) {
      unexplained += most - limit - MOST_UNSETTLED;
      problems.add(inbox.name() + ": " + most + " messages were repeated on one connection");
    }
    notes.add(
        inbox.name()
            + ": arrived "
            + inbox.firstArrivals()
            + ", repeated "
            + inbox.repeats().size()
            + ", at most "
            + most
            + " on one connection, at most "
            + inbox.mostUnanswered()
            + " unanswered of "
            + limit);
  }
}
