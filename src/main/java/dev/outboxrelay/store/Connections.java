// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Opens the sessions of one term: a small pool for reads and completions, and single control
 * sessions beside it. All are on one server, and each logs in with the password as it is then.
 */
final class Connections {
  /** A statement of the pool that takes longer than this is taken for lost. */
  private static final Duration STATEMENT_LIMIT = Duration.ofMinutes(2);

  /**
   * The planner's estimates of a queue table are always wrong: it is empty or it is huge. So the
   * plans are pinned: walk an index, join by nested loop. A test holds the plans themselves.
   */
  static final String PINNED_PLANS =
      "set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;"
          + " set enable_mergejoin = off; set enable_hashagg = on; set jit = off; set plan_cache_mode = force_generic_plan;";

  /**
   * A crash of the server may undo the newest completions, which repeats messages and loses none,
   * so no commit of the relay waits for the disk.
   */
  private static final String RELAXED_COMMIT = "set synchronous_commit = off;";

  /**
   * No statement of the pool waits long for a lock that a person holds: it fails, and is repeated
   * later without occupying a connection meanwhile.
   */
  private static final String SHORT_WAITS = " set lock_timeout = '100ms';";

  /** What the relay does to the table is not told to the relay, as what a person does is. */
  static final String AS_RELAY = " set outbox.relay = 'on';";

  /** Under SERIALIZABLE, the default of some databases, its reads would make writers fail. */
  private static final String READ_COMMITTED =
      " set default_transaction_isolation = 'read committed'; ";

  private static final String POOLED =
      PINNED_PLANS
          + RELAXED_COMMIT
          + SHORT_WAITS
          + AS_RELAY
          + READ_COMMITTED
          + " set timezone = 'UTC'";

  private final DatabaseSettings settings;
  private final OneServer server = new OneServer();
  private final CompletableFuture<String> unfit = new CompletableFuture<>();

  Connections(DatabaseSettings settings) {
    this.settings = settings;
  }

  /** Completes when a session of the pool was opened where the others are not, with the reason. */
  CompletableFuture<String> unfit() {
    return unfit;
  }

  /** The server has become read-only under the sessions. */
  void takesNoWrites() {
    unfit.complete("the pool: " + UnfitServer.readOnly().getMessage());
  }

  /**
   * The pool, with its first connection open.
   *
   * @throws SQLException when that cannot be had
   */
  Pool pool() throws SQLException {
    Connection first = open(pooledParameters(), POOLED);
    try {
      return new Pool(settings, first, this::pooled);
    } catch (RuntimeException | Error e) {
      Sessions.abort(first);
      throw e;
    }
  }

  private Connection pooled() throws SQLException {
    try {
      return open(pooledParameters(), POOLED);
    } catch (UnfitServer e) {
      unfit.complete("the pool: " + e.getMessage());
      throw e;
    }
  }

  private Map<String, String> pooledParameters() {
    return parameters("outbox-relay", STATEMENT_LIMIT);
  }

  /** The session that listens. */
  Connection listeningSession(String name) throws SQLException {
    Map<String, String> parameters = parameters(name, settings.silenceLimit());
    parameters.put("socketFactory", PromptSocketFactory.class.getName());
    return open(parameters, control());
  }

  /**
   * A session outside the pool. Both ends give up on a silent peer: the driver by its socket
   * timeout, the server by its idle session timeout and keepalives.
   */
  Connection controlSession(String name) throws SQLException {
    return open(parameters(name, settings.silenceLimit()), control());
  }

  private String control() {
    long limitMillis = settings.silenceLimit().toMillis();
    long limitSeconds = Math.max(1, limitMillis / 1000);
    return READ_COMMITTED
        + "set idle_session_timeout = "
        + limitMillis
        + "; set tcp_keepalives_idle = "
        + Math.max(1, limitSeconds / 3)
        + "; set tcp_keepalives_interval = "
        + Math.max(1, limitSeconds / 3)
        + "; set tcp_keepalives_count = 2; set tcp_user_timeout = "
        + limitMillis
        + "; set synchronous_commit = off; set jit = off";
  }

  /** The one place where a session of a term is opened, looked at and prepared. */
  private Connection open(Map<String, String> parameters, String preparation) throws SQLException {
    Connection connection = settings.login().open(settings.connectTimeout(), parameters);
    try (Statement s = connection.createStatement()) {
      server.admit(connection);
      s.execute(preparation);
      return connection;
    } catch (SQLException | RuntimeException | Error e) {
      Sessions.abort(connection);
      throw e;
    }
  }

  private static Map<String, String> parameters(String name, Duration socketTimeout) {
    Map<String, String> parameters = new HashMap<>();
    parameters.put("socketTimeout", Long.toString(Math.max(1, socketTimeout.toSeconds())));
    parameters.put("tcpKeepAlive", "true");
    parameters.put("ApplicationName", name);
    parameters.put("prepareThreshold", "1");
    parameters.put("reWriteBatchedInserts", "false");
    return parameters;
  }
}
