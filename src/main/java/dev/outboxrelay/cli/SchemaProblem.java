// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.store.SchemaState;
import java.util.List;
import org.flywaydb.core.api.FlywayException;

/** Tells the user what is wrong with the schema, and what to do. */
final class SchemaProblem {
  /** So many names tell whose a schema is. */
  private static final int MAX_NAMES = 5;

  private SchemaProblem() {}

  /**
   * @param state any but current
   */
  static UserError of(SchemaState state, DatabaseAccess access) {
    String where = access.location();
    return switch (state) {
      case CURRENT -> throw new IllegalArgumentException("the schema is as it should be");
      case MISSING ->
          new UserError(
              ExitCode.SCHEMA_MISSING,
              "database " + where + " has no schema outbox: run 'outbox-relay migrate'");
      case OLDER ->
          new UserError(
              ExitCode.SCHEMA_OLDER,
              "the schema outbox in "
                  + where
                  + " is older than this program: run 'outbox-relay migrate'");
      case NEWER ->
          new UserError(
              ExitCode.SCHEMA_NEWER,
              "the schema outbox in "
                  + where
                  + " is newer than this program: run the version of outbox-relay that migrated"
                  + " it, or a later one");
      case FOREIGN ->
          new UserError(
              ExitCode.SCHEMA_FOREIGN,
              "the schema outbox in "
                  + where
                  + " was not made by this program"
                  + holding(access)
                  + ": this program needs a schema of that name to itself; rename the other one"
                  + " (alter schema outbox rename to ...), or use another database");
    };
  }

  private static String holding(DatabaseAccess access) {
    List<String> names;
    try {
      names = new Migrator(access.login()).strangers(MAX_NAMES + 1);
    } catch (FlywayException e) {
      // The names are a help, no more.
      return "";
    }
    if (names.isEmpty()) {
      return "";
    }
    String shown = String.join(", ", names.subList(0, Math.min(MAX_NAMES, names.size())));
    return "; it holds " + shown + (names.size() > MAX_NAMES ? " and more" : "");
  }
}
