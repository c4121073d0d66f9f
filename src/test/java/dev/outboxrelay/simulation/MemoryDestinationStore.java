// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ordering;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link DestinationStore} over a {@link MemoryServer}. */
final class MemoryDestinationStore implements DestinationStore {
  private final MemoryServer server;
  private final Wire wire;
  private long loadedVersion = -1;
  private Map<String, Destination> loaded = Map.of();

  MemoryDestinationStore(MemoryServer server, Wire wire) {
    this.server = server;
    this.wire = wire;
  }

  private void statement(String what, Runnable effect) throws SQLException {
    wire.before(what);
    effect.run();
    wire.after(what);
  }

  @Override
  public Map<String, Destination> load() throws SQLException {
    wire.before("load");
    long version = server.settingsVersion();
    wire.after("load");
    if (version != loadedVersion) {
      wire.before("load");
      Map<String, Destination> now = new LinkedHashMap<>(server.destinations());
      wire.after("load");
      loaded = now;
      loadedVersion = version;
    }
    return loaded;
  }

  @Override
  public TakenOver takeOver(String destination, String owner) throws SQLException {
    wire.before("takeOver");
    if (!server.destinations().containsKey(destination)) {
      wire.after("takeOver");
      return new TakenOver(0, null);
    }
    MemoryServer.Report report = server.report(destination);
    long before = report.epoch;
    long epoch = Math.max(before + 1, server.nowMicros() / 1_000_000);
    report.epoch = epoch;
    Mark mark = report.mark;
    boolean holds =
        mark != null && Snapshot.parse(mark.snapshot()).xmax() <= server.snapshot().xmax();
    server.alsoUndo(() -> report.epoch = before);
    wire.after("takeOver");
    if (isAnyHeldLocked(destination)) {
      wire.awaitLock();
    }
    wire.before("letGo");
    if (isAnyHeldLocked(destination)) {
      throw new SQLException("canceling statement due to lock timeout", "55P03");
    }
    letGo(destination);
    wire.after("letGo");
    return new TakenOver(epoch, holds ? mark : null);
  }

  private boolean isAnyHeldLocked(String destination) {
    Destination settings = server.destinations().get(destination);
    return settings != null
        && settings.ordering() == Ordering.NONE
        && server.rows().stream()
            .anyMatch(
                row ->
                    row.isLocked()
                        && row.committed != null
                        && row.committed.destination().equals(destination)
                        && row.committed.state() == State.HELD);
  }

  private void letGo(String destination) {
    Destination settings = server.destinations().get(destination);
    if (settings == null || settings.ordering() != Ordering.NONE) {
      return;
    }
    for (Row row : List.copyOf(server.rows())) {
      Version version = row.committed;
      if (version != null
          && version.destination().equals(destination)
          && version.state() == State.HELD
          && !row.isLocked()) {
        server.change(row, version.owedAgain(server.ownXid()));
        server.notify(new Heard(Kind.CONTROL, destination));
        server.notify(new Heard(Kind.BELL, destination));
      }
    }
  }

  @Override
  public void mark(Collection<Marked> marks) throws SQLException {
    statement(
        "mark",
        () -> {
          for (Marked marked : marks) {
            MemoryServer.Report report = server.report(marked.destination());
            if (report.epoch == marked.epoch()) {
              Mark before = report.mark;
              report.mark = marked.mark();
              server.alsoUndo(() -> report.mark = before);
            }
          }
        });
  }

  @Override
  public void measure() {
    // No destination has a limit.
  }

  @Override
  public void expire() {
    // Nothing has a time to live.
  }

  @Override
  public void mendIds() throws SQLException {
    statement("mendIds", () -> {});
  }

  @Override
  public void claim() throws SQLException {
    statement("claim", server::claim);
  }

  @Override
  public void adopt() throws SQLException {
    statement("adopt", () -> {});
  }

  @Override
  public boolean isDown(String destination) throws SQLException {
    wire.before("isDown");
    boolean down = server.report(destination).down;
    wire.after("isDown");
    return down;
  }

  @Override
  public void report(String destination, boolean down, @Nullable String error) throws SQLException {
    statement(
        "report",
        () -> {
          MemoryServer.Report report = server.report(destination);
          report.down = down;
          if (error != null) {
            report.error = error;
          }
        });
  }

  @Override
  public void pause(String destination, long epoch, String reason, @Nullable Duration failing)
      throws SQLException {
    statement(
        "pause",
        () -> {
          MemoryServer.Report report = server.report(destination);
          Destination settings = server.destinations().get(destination);
          if (settings != null && report.epoch == epoch && !settings.paused()) {
            report.error = reason;
            server.put(Settings.paused(settings, true));
            server.notify(new Heard(Kind.CONTROL, destination));
          }
        });
  }

  @Override
  public void tellTrouble(String destination, String error) throws SQLException {
    statement("tellTrouble", () -> server.report(destination).error = error);
  }

  @Override
  public void endTrouble(String destination, String error) throws SQLException {
    statement(
        "endTrouble",
        () -> {
          MemoryServer.Report report = server.report(destination);
          if (error.equals(report.error)) {
            report.error = null;
          }
        });
  }

  @Override
  public void moved(List<Moved> moved) throws SQLException {
    statement("moved", () -> {});
  }
}
