// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.Parked;
import dev.outboxrelay.store.Replaced;
import dev.outboxrelay.store.Tail;
import dev.outboxrelay.values.Change;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import dev.outboxrelay.values.WireId;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * {@link MessageStore} over a {@link MemoryServer}. A contract that both keep says that it does
 * what the one over JDBC does.
 */
final class MemoryMessageStore implements MessageStore {
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final Comparator<Row> BY_DUE =
      Comparator.comparingLong((Row row) -> version(row).dueMicros()).thenComparingLong(r -> r.id);

  private final MemoryServer server;
  private final Wire wire;
  private final boolean rowValuesAlone;

  /**
   * @param rowValuesAlone every message is its row values, so that each size is encoded once
   */
  MemoryMessageStore(MemoryServer server, Wire wire, boolean rowValuesAlone) {
    this.server = server;
    this.wire = wire;
    this.rowValuesAlone = rowValuesAlone;
  }

  private interface Effect<T> {
    T take() throws SQLException;
  }

  private <T> T statement(String what, Effect<T> effect) throws SQLException {
    wire.before(what);
    T result = effect.take();
    wire.after(what);
    return result;
  }

  private static Version version(Row row) {
    Version version = row.committed;
    if (version == null) {
      throw new IllegalStateException("row " + row.id + " is not there");
    }
    return version;
  }

  /** The rows that a statement sees, by id. */
  private List<Row> rows(String destination, Predicate<Row> condition) {
    List<Row> found = new ArrayList<>();
    for (Row row : server.rows()) {
      Version version = row.committed;
      if (version != null && version.destination().equals(destination) && condition.test(row)) {
        found.add(row);
      }
    }
    return found;
  }

  /** Those of these ids, in order. */
  private List<Row> rows(String destination, Collection<Long> ids) {
    List<Row> found = new ArrayList<>(ids.size());
    for (long id : new TreeSet<>(ids)) {
      Row row = server.row(id);
      Version version = row == null ? null : row.committed;
      if (row != null && version != null && version.destination().equals(destination)) {
        found.add(row);
      }
    }
    return found;
  }

  private static boolean isIn(Row row, State state) {
    return version(row).state() == state;
  }

  private static boolean isOwedByTime(Row row) {
    return (isIn(row, State.PENDING) || isIn(row, State.RETRY)) && version(row).dueMicros() != 0;
  }

  @Override
  public String snapshot() throws SQLException {
    return statement("snapshot", () -> server.snapshot().toString());
  }

  @Override
  public Batch page(
      String destination,
      long after,
      @Nullable String from,
      String upTo,
      Limits limits,
      Encoding encoding)
      throws SQLException {
    return statement(
        "page",
        () -> {
          Snapshot end = Snapshot.parse(upTo);
          Snapshot start = from == null ? null : Snapshot.parse(from);
          List<Row> rows =
              rows(
                  destination,
                  row ->
                      isIn(row, State.PENDING)
                          && row.id > after
                          && end.shows(version(row).xid())
                          && (start == null || !start.shows(version(row).xid())));
          return batch(rows, limits, name -> encoding);
        });
  }

  private boolean isInWindow(Row row, Snapshot last) {
    Version version = version(row);
    return version.isPending() && !last.shows(version.xid());
  }

  @Override
  public Tail tail(Map<String, Encoding> encodings, String last, Limits limits)
      throws SQLException {
    return statement(
        "tail",
        () -> {
          Snapshot from = Snapshot.parse(last);
          List<Row> rows = new ArrayList<>();
          for (Row row : server.rows()) {
            if (row.committed != null
                && encodings.containsKey(version(row).destination())
                && isInWindow(row, from)) {
              rows.add(row);
            }
          }
          String now = server.snapshot().toString();
          int fit = fitting(rows, limits);
          if (rows.size() > limits.rows() || fit < rows.size()) {
            return new Tail(now, true, new Batch(List.of(), false, 0, Map.of()));
          }
          return new Tail(now, false, batch(rows, limits, encodings::get));
        });
  }

  @Override
  public Map<String, Long> firstIds(Collection<String> destinations, String from, String upTo)
      throws SQLException {
    return statement(
        "firstIds",
        () -> {
          Snapshot start = Snapshot.parse(from);
          Snapshot end = Snapshot.parse(upTo);
          Map<String, Long> first = new TreeMap<>();
          for (String destination : destinations) {
            rows(destination, row -> isInWindow(row, start) && end.shows(version(row).xid()))
                .forEach(row -> first.merge(destination, row.id, Math::min));
          }
          return first;
        });
  }

  @Override
  public Batch due(
      String destination, boolean refusedOnly, Set<Long> except, Limits limits, Encoding encoding)
      throws SQLException {
    Predicate<Row> asked = row -> isOwedByTime(row) && (!refusedOnly || isIn(row, State.RETRY));
    Batch due =
        statement(
            "due",
            () -> {
              List<Row> rows =
                  rows(
                      destination,
                      row ->
                          asked.test(row)
                              && version(row).dueMicros() <= server.nowMicros()
                              && !except.contains(row.id));
              rows.sort(BY_DUE);
              return batch(rows, limits, name -> encoding);
            });
    Set<Long> known = new HashSet<>(except);
    due.messages().forEach(message -> known.add(message.id()));
    return statement(
        "due",
        () -> {
          List<Row> rows = rows(destination, row -> asked.test(row) && !known.contains(row.id));
          Map<String, Long> next =
              rows.stream()
                  .min(BY_DUE)
                  .map(row -> Map.of(destination, Math.max(0, millisUntil(row))))
                  .orElse(Map.of());
          return new Batch(due.messages(), due.more(), due.lastId(), next);
        });
  }

  private long millisUntil(Row row) {
    return -Math.floorDiv(server.nowMicros() - version(row).dueMicros(), 1000L);
  }

  @Override
  public Batch requeued(String destination, Collection<Long> ids, Limits limits, Encoding encoding)
      throws SQLException {
    return statement(
        "requeued " + ids,
        () ->
            batch(
                rows(destination, ids).stream().filter(row -> isIn(row, State.PENDING)).toList(),
                limits,
                name -> encoding));
  }

  @Override
  public Batch held(String destination, Gate gate, Limits limits, Encoding encoding)
      throws SQLException {
    return statement(
        "held of " + gate.key(),
        () ->
            batch(
                rows(destination, row -> isIn(row, State.HELD) && gate.equals(row.gate)),
                limits,
                name -> encoding));
  }

  @Override
  public List<Parked> parked(String destination, boolean failedToo, int limit) throws SQLException {
    return statement(
        "parked",
        () -> {
          Map<Gate, Parked> parked = new LinkedHashMap<>();
          for (Row row : rows(destination, row -> row.gate != null)) {
            Gate gate = row.gate;
            boolean held = isIn(row, State.HELD);
            boolean refused = isIn(row, State.RETRY) || failedToo && isIn(row, State.FAILED);
            if (gate == null || !held && !refused) {
              continue;
            }
            Parked known = parked.getOrDefault(gate, new Parked(gate, List.of(), 0));
            if (held && known.firstHeldId() == 0) {
              known = new Parked(gate, known.refusedIds(), row.id);
            } else if (refused && known.refusedIds().size() < Parked.MAX_REFUSED) {
              List<Long> ids = new ArrayList<>(known.refusedIds());
              ids.add(row.id);
              known = new Parked(gate, ids, known.firstHeldId());
            }
            parked.put(gate, known);
          }
          return parked.values().stream().limit(limit).toList();
        });
  }

  @Override
  public Set<Long> standing(String destination, Collection<Long> ids, boolean failedToo)
      throws SQLException {
    return statement(
        "standing " + ids,
        () -> {
          Set<Long> standing = new TreeSet<>();
          rows(
                  destination,
                  row ->
                      ids.contains(row.id)
                          && (isIn(row, State.PENDING)
                              || isIn(row, State.RETRY)
                              || failedToo && isIn(row, State.FAILED)))
              .forEach(row -> standing.add(row.id));
          return standing;
        });
  }

  @Override
  public Map<Long, Fate> fates(String destination, Collection<Long> ids) throws SQLException {
    return statement(
        "fates",
        () -> {
          Map<Long, Fate> fates = new HashMap<>();
          for (long id : ids) {
            Fate fate = fate(destination, server.seen(id));
            if (fate != null) {
              fates.put(id, fate);
            }
          }
          return fates;
        });
  }

  private @Nullable Fate fate(String destination, @Nullable Version version) {
    if (version == null || !version.destination().equals(destination)) {
      return Fate.GONE;
    }
    return switch (version.state()) {
      case FAILED -> Fate.ASIDE;
      case DELIVERED -> Fate.DELIVERED;
      default -> version.dueMicros() > server.nowMicros() ? Fate.LATER : null;
    };
  }

  @Override
  public Map<String, Long> nextDueMillis(Collection<String> destinations) throws SQLException {
    return statement(
        "nextDueMillis",
        () -> {
          Map<String, Long> next = new TreeMap<>();
          for (String destination : destinations) {
            rows(destination, MemoryMessageStore::isOwedByTime)
                .forEach(row -> next.merge(destination, Math.max(0, millisUntil(row)), Math::min));
          }
          return next;
        });
  }

  @Override
  public List<Long> refusedTruncates(String destination) throws SQLException {
    return statement(
        "refusedTruncates",
        () -> {
          List<Row> rows = rows(destination, row -> row.truncate && isIn(row, State.RETRY));
          return rows.stream().map(row -> row.id).toList();
        });
  }

  // What changes rows. ----------------------------------------------------------------------------

  @Override
  public Completion complete(Map<String, List<Long>> idsByDestination, Map<String, Set<Long>> keep)
      throws SQLException {
    int found = 0;
    Set<Long> locked = new TreeSet<>();
    boolean waited = false;
    for (Map.Entry<String, List<Long>> entry : new TreeMap<>(idsByDestination).entrySet()) {
      String destination = entry.getKey();
      Set<Long> ids = new TreeSet<>(entry.getValue());
      if (isAnyLocked(destination, ids) && !waited) {
        waited = true;
        wire.awaitLock();
      }
      found += statement("complete", () -> complete(destination, ids, keep.get(destination)));
      if (isAnyLocked(destination, ids)) {
        locked.addAll(
            statement(
                "complete",
                () -> {
                  Set<Long> left = new TreeSet<>();
                  Set<Long> kept = keep.get(destination);
                  rows(
                          destination,
                          row ->
                              ids.contains(row.id)
                                  && !isIn(row, State.DELIVERED)
                                  && (kept == null || kept.contains(version(row).xid())))
                      .forEach(row -> left.add(row.id));
                  return left;
                }));
      }
    }
    return new Completion(found, locked);
  }

  private boolean isAnyLocked(String destination, Set<Long> ids) {
    for (Row row : rows(destination, ids)) {
      if (row.isLocked()) {
        return true;
      }
    }
    return false;
  }

  private int complete(String destination, Set<Long> ids, @Nullable Set<Long> kept) {
    server.ownXid();
    int found = 0;
    for (Row row : rows(destination, ids)) {
      if (row.isLocked()) {
        continue;
      }
      if (kept == null) {
        server.complete(row, null);
        found++;
      } else if (!isIn(row, State.DELIVERED) && kept.contains(version(row).xid())) {
        server.complete(row, version(row).delivered(server.nowMicros()));
        found++;
      }
    }
    return found;
  }

  /** False when there is no such destination any more. */
  private boolean isOwner(String destination, long epoch) throws SQLException {
    if (!server.destinations().containsKey(destination)) {
      return false;
    }
    if (server.report(destination).epoch != epoch) {
      throw new Replaced(destination, epoch);
    }
    return true;
  }

  private boolean settle(
      String what, String destination, long epoch, Refused message, UnaryOperator<Version> change)
      throws SQLException {
    return statement(
        what,
        () -> {
          if (!isOwner(destination, epoch)) {
            return false;
          }
          List<Row> rows = rows(destination, List.of(message.id()));
          if (rows.isEmpty()) {
            return false;
          }
          Row row = rows.get(0);
          if (version(row).xid() != message.xid()
              || isIn(row, State.FAILED)
              || isIn(row, State.DELIVERED)) {
            return false;
          }
          if (row.isLocked()) {
            throw new SQLException("could not obtain lock on row", LOCK_NOT_AVAILABLE);
          }
          server.ownXid();
          server.change(row, change.apply(version(row)));
          return true;
        });
  }

  @Override
  public boolean retry(
      String destination, long epoch, Refused message, int attempts, long delayMillis, String error)
      throws SQLException {
    return settle(
        "retry " + message.id(),
        destination,
        epoch,
        message,
        before -> before.retry(attempts, server.nowMicros() + delayMillis * 1000));
  }

  @Override
  public boolean fail(String destination, long epoch, Refused message, int attempts, String error)
      throws SQLException {
    return settle(
        "fail " + message.id(), destination, epoch, message, before -> before.failed(attempts));
  }

  @Override
  public Set<Long> hold(String destination, long epoch, Collection<Long> ids) throws SQLException {
    return statement(
        "hold " + ids,
        () -> {
          Set<Long> locked = new TreeSet<>();
          if (!isOwner(destination, epoch)) {
            return locked;
          }
          List<Row> rows =
              rows(destination, ids).stream().filter(row -> isIn(row, State.PENDING)).toList();
          rows.stream().filter(Row::isLocked).forEach(row -> locked.add(row.id));
          if (locked.isEmpty()) {
            server.ownXid();
            rows.forEach(row -> server.change(row, version(row).held()));
          }
          return locked;
        });
  }

  /** Pending, visible, and with no due time. */
  private List<Row> owedBy(String destination, Snapshot end, Predicate<Row> condition) {
    return rows(
        destination,
        row ->
            isIn(row, State.PENDING)
                && version(row).dueMicros() == 0
                && end.shows(version(row).xid())
                && condition.test(row));
  }

  @Override
  public List<Owed> owed(
      Collection<String> destinations,
      Collection<Span> spans,
      String since,
      String snapshot,
      String afterDestination,
      long afterId,
      int limit)
      throws SQLException {
    return statement(
        "owed",
        () -> {
          Snapshot start = Snapshot.parse(since);
          Snapshot end = Snapshot.parse(snapshot);
          List<Owed> owed = new ArrayList<>();
          for (Span span : spans) {
            owedBy(
                    span.destination(),
                    end,
                    row -> row.id >= span.firstId() && row.id <= span.lastId())
                .forEach(row -> owed.add(new Owed(span.destination(), row.id)));
          }
          for (String destination : new TreeSet<>(destinations)) {
            owedBy(destination, end, row -> !start.shows(version(row).xid()))
                .forEach(row -> owed.add(new Owed(destination, row.id)));
          }
          Comparator<Owed> order =
              Comparator.comparing(Owed::destination).thenComparingLong(Owed::id);
          Owed after = new Owed(afterDestination, afterId);
          return owed.stream()
              .filter(one -> order.compare(one, after) > 0)
              .sorted(order)
              .limit(limit)
              .toList();
        });
  }

  @Override
  public Arrived arrived(Map<String, Long> below, String since, int limit) throws SQLException {
    return statement(
        "arrived",
        () -> {
          Snapshot start = Snapshot.parse(since);
          Snapshot now = server.snapshot();
          List<Owed> arrived = new ArrayList<>();
          new TreeMap<>(below)
              .forEach(
                  (destination, id) ->
                      owedBy(
                              destination,
                              now,
                              row -> row.id < id && !start.shows(version(row).xid()))
                          .forEach(row -> arrived.add(new Owed(destination, row.id))));
          List<Owed> some = arrived.stream().limit(limit).toList();
          return new Arrived(now.toString(), some, some.size() == limit);
        });
  }

  @Override
  public InBlocks inBlocks(
      long firstBlock, int blocks, Collection<Span> except, String snapshot, int limit)
      throws SQLException {
    return statement(
        "inBlocks",
        () -> {
          Snapshot end = Snapshot.parse(snapshot);
          List<Owed> found = new ArrayList<>();
          for (Span span : firstBlock == 0 ? except : List.<Span>of()) {
            owedBy(
                    span.destination(),
                    end,
                    row -> row.id < span.firstId() || row.id > span.lastId())
                .forEach(row -> found.add(new Owed(span.destination(), row.id)));
          }
          return new InBlocks(1, found.stream().limit(limit).toList());
        });
  }

  @Override
  public Purged purge(int limit, Map<String, String> from) throws SQLException {
    return statement(
        "purge",
        () -> {
          int purged = 0;
          Map<String, String> upTo = new TreeMap<>();
          for (Destination destination : List.copyOf(server.destinations().values())) {
            long keep =
                destination.keepDelivered() == null
                    ? 0
                    : destination.keepDelivered().toMillis() * 1000;
            long first = Long.parseLong(from.getOrDefault(destination.name(), "0"));
            for (Row row :
                rows(
                    destination.name(),
                    row ->
                        isIn(row, State.DELIVERED)
                            && version(row).deliveredMicros() >= first
                            && version(row).deliveredMicros() < server.nowMicros() - keep
                            && !row.isLocked())) {
              if (purged < limit) {
                long reached = version(row).deliveredMicros() - 60_000_000;
                upTo.merge(
                    destination.name(),
                    Long.toString(reached),
                    (a, b) -> Long.parseLong(a) > Long.parseLong(b) ? a : b);
                server.change(row, null);
                purged++;
              }
            }
          }
          return new Purged(purged, upTo);
        });
  }

  // Rows to messages. -----------------------------------------------------------------------------

  /** How many rows a sized read brings. */
  private static int fitting(List<Row> rows, Limits limits) {
    long bytes = 0;
    int fit = 0;
    while (fit < rows.size() && fit < limits.rows() && bytes < limits.bytes()) {
      bytes += rows.get(fit).bytes;
      fit++;
    }
    return fit;
  }

  private Batch batch(List<Row> rows, Limits limits, Function<String, Encoding> encodings) {
    int fit = fitting(rows, limits);
    List<Message> messages = new ArrayList<>(fit);
    Map<String, Long> nextDue = new TreeMap<>();
    long bytes = 0;
    long lastId = 0;
    for (Row row : rows.subList(0, fit)) {
      Version version = version(row);
      lastId = row.id;
      bytes += row.bytes;
      if (version.dueMicros() != 0 && version.state() != State.HELD && millisUntil(row) > 0) {
        nextDue.merge(version.destination(), millisUntil(row), Math::min);
      } else {
        messages.add(message(row, version, limits, encodings));
      }
    }
    boolean more = fit >= limits.rows() || bytes >= limits.bytes();
    return new Batch(messages, more, lastId, nextDue);
  }

  private Message message(
      Row row, Version version, Limits limits, Function<String, Encoding> encodings) {
    boolean tooLarge = row.bytes > limits.messageBytes();
    Supplier<byte[]> body =
        () -> encodings.apply(version.destination()).format().apply(change(row, version));
    return new Message(
        row.id,
        WireId.stamp(row.createdMicros),
        version.xid(),
        version.destination(),
        row.gate,
        row.truncate,
        version.state() == State.RETRY,
        version.dueMicros() != 0,
        version.attempts(),
        tooLarge ? new byte[0] : rowValuesAlone ? Payload.encoded(row.bytes, body) : body.get(),
        row.bytes,
        tooLarge,
        null,
        null,
        row.expiresMicros == 0
            ? null
            : Long.valueOf(Math.floorDiv(row.expiresMicros - server.nowMicros(), 1000L)));
  }

  private static Change change(Row row, Version version) {
    return new Change(
        row.id,
        version.destination(),
        row.gate == null ? null : row.gate.key(),
        row.truncate ? "truncate" : "insert",
        row.table == null ? null : "public",
        row.table,
        Long.toString(version.xid()),
        row.createdMicros,
        null,
        null,
        Payload.of(row.bytes),
        null,
        version.attempts(),
        0);
  }
}
