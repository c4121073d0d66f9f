// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Parked gates of which one at least has a name that the server does not hand out: it is found by
 * halves and left out, since no message that can be read is of that gate.
 */
final class GateByGate {
  private final Connection connection;
  private final int destination;
  private final Map<Long, Gate> gates = new HashMap<>();

  GateByGate(Connection connection, int destination) {
    this.connection = connection;
    this.destination = destination;
  }

  /** What is parked, by the first ids. */
  private record Ids(List<Long> refused, long firstHeld) {
    long any() {
      return refused.isEmpty() ? firstHeld : refused.get(0);
    }
  }

  List<Parked> parked(boolean failedToo, int limit) throws SQLException {
    List<Ids> all = new ArrayList<>();
    try (PreparedStatement s = connection.prepareStatement(MessageSql.PARKED_IDS)) {
      new Parameters(s).number(destination).flag(failedToo).number(limit);
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          all.add(new Ids(Rows.ids(r.getArray(1)), r.getLong(2)));
        }
      }
    }
    halve(all.stream().map(Ids::any).toList());
    List<Parked> parked = new ArrayList<>();
    for (Ids ids : all) {
      Gate gate = gates.get(ids.any());
      if (gate != null) {
        parked.add(new Parked(gate, ids.refused(), ids.firstHeld()));
      }
    }
    return parked;
  }

  private void halve(List<Long> ids) throws SQLException {
    if (ids.isEmpty()) {
      return;
    }
    try (PreparedStatement s = connection.prepareStatement(MessageSql.GATES)) {
      new Parameters(s).number(destination).numbers(ids);
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          gates.put(r.getLong(1), new Gate(r.getInt(2), r.getString(3)));
        }
      }
    } catch (SQLException e) {
      if (!RowFault.is(e)) {
        throw e;
      }
      if (ids.size() > 1) {
        int half = ids.size() / 2;
        halve(ids.subList(0, half));
        halve(ids.subList(half, ids.size()));
      }
    }
  }
}
