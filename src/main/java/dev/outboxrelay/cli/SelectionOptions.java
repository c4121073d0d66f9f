// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say which of the messages that were set aside are meant. */
@WithoutVariables
final class SelectionOptions {
  @Option(names = "--destination", paramLabel = "NAME", description = "Only of this destination.")
  @Nullable String destination;

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Only of this table: public.orders, or orders in whatever schema.")
  @Nullable String table;

  @Option(names = "--key", paramLabel = "KEY", description = "Only of this key, all of it.")
  @Nullable String key;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = {
        "Only what was written at this time or later:",
        "2026-11-22T12:00:00Z, 2026-11-22, or 2h for two hours ago."
      })
  @Nullable Moment since;

  @Option(
      names = "--until",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = "Only what was written before this time.")
  @Nullable Moment until;

  @Option(
      names = "--error",
      paramLabel = "WORDS",
      description = "Only where the last error holds these words, in whatever case.")
  @Nullable String error;

  /** As a selection; a destination that there is not is refused. */
  Selection selection(Session session) throws SQLException {
    if (destination != null) {
      Destinations destinations = new Destinations(session);
      if (destinations.find(destination).isEmpty()) {
        throw OperatorOptions.noDestination(destination, destinations.names());
      }
    }
    Instant now = session.now();
    Instant from = since == null ? null : since.before(now);
    Instant to = until == null ? null : until.before(now);
    if (from != null && to != null && !from.isBefore(to)) {
      throw new UserError(
          ExitCode.USAGE, "--since is " + from + " and --until " + to + ": nothing lies between");
    }
    return new Selection(destination, table, key, from, to, error);
  }

  /** Whether none of them is given. */
  boolean isEmpty() {
    return destination == null
        && table == null
        && key == null
        && since == null
        && until == null
        && error == null;
  }
}
