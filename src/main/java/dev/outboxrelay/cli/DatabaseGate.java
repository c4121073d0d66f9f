// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.store.PoolerCheck;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.values.Durations;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every command that needs the database: waits for whatever passes by itself, and
 * ends the command with one line when waiting would not help. Used by one thread.
 */
final class DatabaseGate {
  /** What takes sessions away, and what to do: the same words wherever it is found. */
  static final String POOLER_FINDING =
      "a connection pooler in transaction mode stands before the server: LISTEN, advisory locks and"
          + " prepared statements need a session of their own";

  static final String POOLER_REMEDY =
      "Give --database-url the server's own address, or a pool in session mode";

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseGate.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  private final DatabaseAccess access;
  private final Pause pause;
  private final Waiting waiting;
  private final Migrator migrator;
  private final Reasons told = new Reasons();

  /** Once the login has been right, what refuses it passes. */
  private boolean loggedIn;

  private PoolerCheck.Kind pooler = PoolerCheck.Kind.NONE;

  /** Waits between two tries. */
  @FunctionalInterface
  interface Pause {
    /**
     * @return false to give up
     */
    boolean await(Duration duration) throws InterruptedException;
  }

  /** Hears of each try that failed. */
  @FunctionalInterface
  interface Waiting {
    /**
     * @param refused whether it is the login that was refused
     */
    void waits(String reason, boolean refused);
  }

  /** Says what is to be told to the user, empty when waiting may mend the problem. */
  private interface Verdict {
    Optional<UserError> of(SQLException problem, DatabaseAccess access);
  }

  DatabaseGate(DatabaseAccess access, Pause pause, Waiting waiting) {
    this.access = access;
    this.pause = pause;
    this.waiting = waiting;
    migrator = new Migrator(access.login());
  }

  /** The login was right in an earlier process: a refusal is no mistake of the user's. */
  void trustLogin() {
    loggedIn = true;
  }

  /**
   * What stands before the server. Asked before everything else, which may fail through a pooler
   * with errors that tell nothing.
   *
   * @return empty when the pause gave up
   * @throws UserError when the login is refused
   */
  Optional<PoolerCheck.Kind> pooler() throws InterruptedException {
    Optional<Boolean> there = until(() -> true, (problem, where) -> Optional.empty());
    return there.map(yes -> pooler);
  }

  /**
   * How the schema stands, for a command that does not need sessions of its own.
   *
   * @return false when the pause gave up
   * @throws UserError when the schema is not this program's, or the database refuses
   */
  boolean schemaIsCurrent() throws InterruptedException {
    return isCurrent(until(migrator::state, DatabaseProblem::ofLook));
  }

  /**
   * As {@link #schemaIsCurrent}, for a command that needs sessions of its own.
   *
   * @throws UserError also when a pooler would take them away
   */
  boolean isReadyForSessions() throws InterruptedException {
    return isCurrent(until(throughNoPooler(migrator::state), DatabaseProblem::ofLook));
  }

  /**
   * Migrates.
   *
   * @return one line for each migration that was applied; empty when the pause gave up
   * @throws UserError when the database refuses, or a schema of this name is somebody else's
   */
  Optional<List<String>> migrate() throws InterruptedException {
    return until(
        throughNoPooler(
            () -> {
              if (migrator.state() == SchemaState.FOREIGN) {
                throw SchemaProblem.of(SchemaState.FOREIGN, access);
              }
              return migrator.migrate();
            }),
        DatabaseProblem::ofMigration);
  }

  private <T> Supplier<T> throughNoPooler(Supplier<T> action) {
    return () -> {
      if (pooler == PoolerCheck.Kind.TRANSACTION) {
        throw new UserError(
            ExitCode.USAGE,
            "database " + access.location() + ": " + POOLER_FINDING + ". " + POOLER_REMEDY);
      }
      return action.get();
    };
  }

  /** Logs in and acts, again and again while what is in the way may pass. */
  private <T> Optional<T> until(Supplier<T> action, Verdict verdict) throws InterruptedException {
    Duration next = FIRST_PAUSE;
    while (true) {
      try {
        logIn();
        return Optional.of(act(action, verdict));
      } catch (SQLException problem) {
        await(problem, next);
      }
      if (!pause.await(next)) {
        return Optional.empty();
      }
      next = next.multipliedBy(2);
      next = next.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : next;
    }
  }

  private void logIn() throws SQLException {
    try {
      pooler = PoolerCheck.look(access.login());
      if (pooler == PoolerCheck.Kind.SESSION && !loggedIn) {
        LOG.info("a connection pooler in session mode stands before {}", access.location());
      }
      loggedIn = true;
    } catch (SQLException problem) {
      if (loggedIn) {
        throw problem;
      }
      throw orPassing(DatabaseProblem.ofFirstLogin(problem, access), problem);
    }
  }

  private <T> T act(Supplier<T> action, Verdict verdict) throws SQLException {
    try {
      return action.get();
    } catch (FlywayException e) {
      SQLException cause = Trouble.sqlCause(e);
      if (cause == null) {
        throw new UserError(
            ExitCode.REFUSED, "database " + access.location() + ": " + Trouble.words(e));
      }
      throw orPassing(verdict.of(cause, access), cause);
    }
  }

  private static SQLException orPassing(Optional<UserError> mistake, SQLException problem) {
    if (mistake.isPresent()) {
      throw mistake.get();
    }
    return problem;
  }

  private void await(SQLException problem, Duration next) {
    String reason = DatabaseProblem.words(problem);
    waiting.waits(reason, Trouble.isRefusedLogin(problem));
    if (told.isNew(reason)) {
      LOG.warn(
          "database {} cannot be used yet: {}; trying again, in {} first and every {} in the end",
          access.location(),
          reason,
          Durations.text(next),
          Durations.text(LONGEST_PAUSE));
    } else {
      LOG.debug("database {} cannot be used yet: {}", access.location(), reason);
    }
  }

  private boolean isCurrent(Optional<SchemaState> state) {
    state.ifPresent(this::check);
    return state.isPresent();
  }

  private void check(SchemaState state) {
    if (state != SchemaState.CURRENT) {
      throw SchemaProblem.of(state, access);
    }
  }
}
