// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.ServerWords;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.store.Trouble;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What the commands of a person have in common: a session, where they print, and what they say when
 * the database refuses.
 */
@WithoutVariables
final class OperatorOptions {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorOptions.class);
  private static final String UNDEFINED_OBJECT = "42704";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String NO_SUCH_CURSOR = "34000";
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String CONNECTION_CLASS = "08";
  private static final String DATA_CLASS = "22";
  private static final String CONSTRAINT_CLASS = "23";
  private static final String STATE_CLASS = "55";

  @Option(names = "--json", description = "JSON for scripts instead of text for people.")
  boolean json;

  @Mixin DatabaseOptions database = new DatabaseOptions();
  @Mixin CommonOptions common = new CommonOptions();

  @Spec(Spec.Target.MIXEE)
  CommandSpec spec = CommandSpec.create();

  /** What a command does with its session. */
  @FunctionalInterface
  interface Act {
    /**
     * @return the exit code
     */
    int on(Session session) throws SQLException, InterruptedException;
  }

  /** Logs in and acts. Nothing is waited for: a person is there, who can try again. */
  int run(Act act) throws InterruptedException {
    common.apply();
    DatabaseAccess access = database.access();
    try (Session session = open(access)) {
      return act.on(session);
    } catch (SQLException e) {
      LOG.debug("the database refuses", e);
      throw problem(e, access);
    }
  }

  private Session open(DatabaseAccess access) throws SQLException {
    try {
      return Session.open(access.login(), spec.qualifiedName(" ").replace("outbox-relay ", ""));
    } catch (SQLException e) {
      throw DatabaseProblem.ofFirstLogin(e, access).orElseGet(() -> unreachable(e, access));
    }
  }

  private static UserError unreachable(SQLException e, DatabaseAccess access) {
    return new UserError(
        ExitCode.UNREACHABLE,
        "database " + access.location() + " cannot be used: " + DatabaseProblem.words(e));
  }

  private static UserError problem(SQLException e, DatabaseAccess access)
      throws InterruptedException {
    ServerWords words = ServerWords.of(e);
    String state = words.state();
    if (state.startsWith(CONNECTION_CLASS) || state.isEmpty()) {
      return unreachable(e, access);
    }
    if (state.equals(UNDEFINED_OBJECT)
        || state.startsWith(DATA_CLASS)
        || state.startsWith(CONSTRAINT_CLASS)) {
      return new UserError(ExitCode.USAGE, words.withHint());
    }
    if (words.hint() != null && state.startsWith(STATE_CLASS)) {
      return new UserError(ExitCode.REFUSED, words.withHint());
    }
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return new UserError(
          ExitCode.REFUSED,
          words.withHint()
              + "; "
              + access.user()
              + " may not: grant outbox_operator to "
              + access.user()
              + ", or use the owner's login; see docs/understand/security.md");
    }
    if (Trouble.doubtsSchema(e)) {
      // Says so where the schema is missing, of another version, or somebody else's.
      new DatabaseGate(access, pause -> false, (reason, refused) -> {}).schemaIsCurrent();
    }
    String remedy =
        switch (state) {
          case NO_SUCH_CURSOR ->
              "; " + DatabaseGate.POOLER_FINDING + "? " + DatabaseGate.POOLER_REMEDY;
          case LOCK_NOT_AVAILABLE -> "; somebody holds a lock on it: try again";
          default ->
              Trouble.isReadOnly(e) ? "; name the server that takes writes in --database-url" : "";
        };
    return new UserError(
        ExitCode.REFUSED,
        "database "
            + access.location()
            + ": "
            + words.withHint()
            + " (SQLSTATE "
            + state
            + ")"
            + remedy);
  }

  /** Standard output. */
  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** A line for a person, on standard error: no part of what a script reads. */
  void tell(String words) {
    OneLineErrors.print(spec.commandLine(), words);
  }

  /** A document for a script, or words for a person. */
  void answer(Row document, String words) {
    if (json) {
      new JsonPrinter(out()).print(document);
      return;
    }
    out().println(words);
    out().flush();
  }

  /** One line where there is no such destination, with those that there are. */
  void requireDestination(Session session, String name) throws SQLException {
    List<String> names = new Destinations(session).names();
    if (!names.contains(name)) {
      throw noDestination(name, names);
    }
  }

  /** The exit code for a name that there is not. */
  static UserError noDestination(String name, List<String> names) {
    String there =
        names.isEmpty()
            ? "there is none yet: outbox-relay destinations add NAME URI"
            : "there are " + String.join(", ", names);
    return new UserError(ExitCode.USAGE, "there is no destination '" + name + "'; " + there);
  }
}
