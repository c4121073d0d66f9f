// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the database what is wrong with it: {@code outbox.doctor()}. */
public final class Doctor {
  private static final String EXAMINE =
      "select severity, check_name, object, finding, remedy from outbox.doctor()";

  private Doctor() {}

  /**
   * One thing that it found.
   *
   * @param severity {@code error}, {@code warning} or less
   * @param check what was looked at
   * @param object a table, a destination, a setting; null when it is the whole
   * @param finding what is the case
   * @param remedy what to do, null when there is nothing to do
   */
  public record Finding(
      String severity,
      String check,
      @Nullable String object,
      String finding,
      @Nullable String remedy) {}

  /**
   * Connects and asks.
   *
   * @param login where, and as whom
   */
  public static List<Finding> examine(Login login) throws SQLException {
    try (Connection connection = login.open();
        Statement statement = connection.createStatement();
        ResultSet r = statement.executeQuery(EXAMINE)) {
      List<Finding> findings = new ArrayList<>();
      while (r.next()) {
        findings.add(
            new Finding(
                r.getString(1), r.getString(2), r.getString(3), r.getString(4), r.getString(5)));
      }
      return findings;
    }
  }
}
