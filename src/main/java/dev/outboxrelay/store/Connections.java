package dev.outboxrelay.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;

/**
 * Opens the relay's connections: a small pool for reads and completions, and single control
 * sessions beside it.
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

  private final DatabaseSettings settings;

  Connections(DatabaseSettings settings) {
    this.settings = settings;
  }

  HikariDataSource pool() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(settings.url());
    config.setDataSourceProperties(properties(STATEMENT_LIMIT));
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setMaximumPoolSize(settings.poolSize());
    config.setMinimumIdle(1);
    config.setConnectionTimeout(Math.max(1000, settings.connectTimeout().toMillis()));
    config.setValidationTimeout(Math.max(1000, settings.connectTimeout().toMillis() / 2));
    config.setInitializationFailTimeout(-1);
    config.setConnectionInitSql(
        PINNED_PLANS
            + RELAXED_COMMIT
            + SHORT_WAITS
            + AS_RELAY
            + READ_COMMITTED
            + " set timezone = 'UTC'");
    config.setPoolName("outbox-relay");
    config.setAutoCommit(true);
    return new HikariDataSource(config);
  }

  /** The session that listens. */
  Connection listeningSession(String name) throws SQLException {
    Properties properties = properties(settings.silenceLimit());
    properties.setProperty("socketFactory", PromptSocketFactory.class.getName());
    return controlSession(name, properties);
  }

  /**
   * A session outside the pool. Both ends give up on a silent peer: the driver by its socket
   * timeout, the server by its idle session timeout and keepalives.
   */
  Connection controlSession(String name) throws SQLException {
    return controlSession(name, properties(settings.silenceLimit()));
  }

  private Connection controlSession(String name, Properties properties) throws SQLException {
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    properties.setProperty("ApplicationName", name);
    Connection connection = DriverManager.getConnection(settings.url(), properties);
    long limitMillis = settings.silenceLimit().toMillis();
    long limitSeconds = Math.max(1, limitMillis / 1000);
    try (Statement s = connection.createStatement()) {
      s.execute(
          READ_COMMITTED
              + "set idle_session_timeout = "
              + limitMillis
              + "; set tcp_keepalives_idle = "
              + Math.max(1, limitSeconds / 3)
              + "; set tcp_keepalives_interval = "
              + Math.max(1, limitSeconds / 3)
              + "; set tcp_keepalives_count = 2; set tcp_user_timeout = "
              + limitMillis
              + "; set synchronous_commit = off; set jit = off");
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    return connection;
  }

  private Properties properties(Duration socketTimeout) {
    Properties properties = new Properties();
    properties.setProperty(
        "connectTimeout", Long.toString(Math.max(1, settings.connectTimeout().toSeconds())));
    properties.setProperty(
        "loginTimeout", Long.toString(Math.max(1, settings.connectTimeout().toSeconds())));
    properties.setProperty("socketTimeout", Long.toString(Math.max(1, socketTimeout.toSeconds())));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("ApplicationName", "outbox-relay");
    properties.setProperty("prepareThreshold", "1");
    properties.setProperty("reWriteBatchedInserts", "false");
    return properties;
  }
}
