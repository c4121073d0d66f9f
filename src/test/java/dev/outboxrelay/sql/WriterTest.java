// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

/** A writer never waits for us, and never fails because of us. */
final class WriterTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v int)", "select outbox.capture('t', 'crm')");
  }

  private static final String SLEEP =
      "select pg_advisory_lock(7021001, doorbell) from outbox.destination where name = 'crm'";

  private static int heard(Connection listener) throws SQLException {
    Outbox.run(listener, "select 1");
    var n = listener.unwrap(PGConnection.class).getNotifications();
    return n == null ? 0 : n.length;
  }

  @Test
  void doorbell_ringsOnlyWhileTheRelaySleeps() throws SQLException {
    try (Connection relay = outbox.connect();
        Connection listener = outbox.connect()) {
      Outbox.run(listener, "listen outbox");
      outbox.execute("insert into t values (1)");
      assertEquals(0, heard(listener));
      Outbox.run(relay, SLEEP);
      outbox.execute("insert into t select generate_series(2, 100)");
      assertEquals(1, heard(listener));
      Outbox.run(relay, "select pg_advisory_unlock_all()");
      outbox.execute("delete from t");
      assertEquals(0, heard(listener));
    }
  }

  @Test
  void doorbell_isHeldByAWriterUntilItsCommit() throws SQLException {
    try (Connection writer = outbox.connect();
        Connection relay = outbox.connect()) {
      writer.setAutoCommit(false);
      Outbox.run(writer, "insert into t values (1)");
      String sleep = SLEEP.replace("pg_advisory_lock", "pg_try_advisory_lock");
      assertEquals(List.of("f"), Outbox.column(relay, sleep));
      writer.commit();
      assertEquals(List.of("t"), Outbox.column(relay, sleep));
    }
  }

  @Test
  void notifyOff_forSessionRoleOrTable_isSilent() throws SQLException {
    try (Connection relay = outbox.connect();
        Connection listener = outbox.connect();
        Connection writer = outbox.connect()) {
      Outbox.run(relay, SLEEP);
      Outbox.run(listener, "listen outbox");
      Outbox.run(writer, "set outbox.notify = off", "insert into t values (1)");
      assertEquals(0, heard(listener));
      Outbox.run(writer, "set outbox.notify = on", "insert into t values (2)");
      assertEquals(1, heard(listener));
      outbox.execute("select outbox.capture('t', 'crm', notify => false)");
      Outbox.run(writer, "insert into t values (3)");
      assertEquals(0, heard(listener));
      assertEquals(3, outbox.count("select count(*) from outbox.message"));
    }
  }

  @Test
  void notifyOff_howeverFalseIsSpelt_isSilentInEveryTrigger() throws SQLException {
    try (Connection relay = outbox.connect();
        Connection listener = outbox.connect();
        Connection writer = outbox.connect()) {
      Outbox.run(relay, SLEEP);
      Outbox.run(listener, "listen outbox");
      String everyOperation = "operations => '{insert,update,delete,truncate}'";
      for (String captured : List.of("", ", condition => 'true'")) {
        outbox.execute("select outbox.capture('t', 'crm', " + everyOperation + captured + ")");
        for (String no :
            List.of("off", "false", "no", "0", "'f'", "'n'", "'of'", "'OFF'", "'False'")) {
          Outbox.run(writer, "set outbox.notify = " + no);
          for (String write : WRITES) {
            Outbox.run(writer, write);
            assertEquals(0, heard(listener), no + ": " + write);
          }
        }
        for (String yes : List.of("on", "true", "1", "''", "'nonsense'", "'o'", "'\"{'")) {
          Outbox.run(writer, "set outbox.notify = " + yes);
          for (String write : WRITES) {
            Outbox.run(writer, write);
            assertEquals(1, heard(listener), yes + ": " + write);
          }
        }
      }
    }
  }

  private static final List<String> WRITES =
      List.of(
          "insert into t values (1)",
          "update t set v = 1",
          "delete from t",
          "truncate t",
          "select outbox.publish('crm', '{}')");

  /** A role's settings are kept in the encoding of the database in which they were made. */
  @Test
  void settingsThatAreNoText_failNoWrite() throws SQLException {
    String name = outbox.db().name() + "_latin";
    outbox.execute(
        "create role latin_writer login password 'secret'",
        "grant all on t to latin_writer",
        "create database "
            + name
            + " encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0");
    try {
      String url = outbox.db().url().replace(outbox.db().name(), name);
      try (Connection latin =
          DriverManager.getConnection(url, outbox.db().user(), outbox.db().password())) {
        Outbox.run(
            latin,
            "alter role latin_writer set outbox.notify = '\u00e4\u00df'",
            "alter role latin_writer set outbox.headers = '\u00e4\u00df'");
      }
      try (Connection writer = outbox.connectAs("latin_writer")) {
        Outbox.run(writer, "insert into t values (1)");
      }
      assertEquals(List.of("insert 1"), outbox.changes());
    } finally {
      outbox.execute(
          "drop database " + name, "drop owned by latin_writer", "drop role latin_writer");
    }
  }

  @Test
  void twoPhaseCommit_worksWithNotifyOff() throws SQLException {
    try (Connection relay = outbox.connect();
        Connection writer = outbox.connect()) {
      Outbox.run(relay, SLEEP);
      Outbox.run(writer, "begin", "insert into t values (1)");
      // The error that docs/guides/capture.md explains.
      Outbox.refuses(writer, "0A000", "prepare transaction 'x'");
      Outbox.run(writer, "rollback", "begin", "set local outbox.notify = off");
      Outbox.run(writer, "insert into t values (2)", "prepare transaction 'x'");
      assertEquals(List.of(), outbox.changes());
      Outbox.run(writer, "commit prepared 'x'");
      assertEquals(List.of("insert 2"), outbox.changes());
    }
  }

  /** What docs/guides/capture.md says an application can notice. */
  @Test
  void lastval_isTheMessagesAndNothingElseOfTheKindIsTouched() throws SQLException {
    outbox.execute(
        "do $$ begin if to_regrole('sec_app') is null then create role sec_app login password"
            + " 'secret'; end if; end $$",
        "create table orders (id serial primary key)",
        "select setval('orders_id_seq', 500)",
        "grant all on orders, orders_id_seq to sec_app",
        "select outbox.capture('orders', 'crm')");
    try (Connection c = outbox.connect();
        Connection app = outbox.connectAs("sec_app")) {
      String insert = "insert into orders default values returning id";
      assertEquals(List.of("501"), Outbox.column(c, insert));
      assertEquals(List.of("501"), Outbox.column(c, "select currval('orders_id_seq')"));
      assertEquals(
          outbox.query("select max(id) from outbox.message"), Outbox.column(c, "select lastval()"));
      assertEquals(List.of("502"), Outbox.column(app, insert));
      assertEquals(List.of("502"), Outbox.column(app, "select currval('orders_id_seq')"));
      Outbox.refuses(app, "42501", "select lastval()");
    }
  }

  @Test
  void pausedOrMissingDestination_failsNoWrite() throws SQLException {
    outbox.execute("select outbox.pause('crm')", "insert into t values (1)");
    try (Connection c = outbox.connect()) {
      // No guard can hold against a superuser who switches the triggers off.
      Outbox.run(c, "set session_replication_role = replica", "delete from outbox.destination");
    }
    outbox.execute("insert into t values (2)", "update t set v = 1", "delete from t");
    assertEquals(6, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  @Timeout(120)
  void manyWritersOnFewRows_withRelayRequeueAndSweep_haveNoDeadlockOfOurs() throws Exception {
    int writers = 32;
    int rounds = 25;
    outbox.execute("insert into t select generate_series(1, 10)", "delete from outbox.message");
    ExecutorService threads = Executors.newFixedThreadPool(writers + 2);
    AtomicBoolean done = new AtomicBoolean();
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        work.add(
            threads.submit(
                () -> {
                  try (Connection c = outbox.connect()) {
                    c.setAutoCommit(false);
                    for (int i = 0; i < rounds; i++) {
                      int a = ThreadLocalRandom.current().nextInt(1, 10);
                      // Rows in one order, so that the writers have no deadlock of their own.
                      Outbox.run(
                          c,
                          "update t set v = coalesce(v, 0) + 1 where id = " + a,
                          "update t set v = coalesce(v, 0) + 1 where id = 10");
                      if (i % 5 == 4) {
                        c.rollback();
                      } else {
                        c.commit();
                      }
                    }
                  }
                  return null;
                }));
      }
      Future<?> relay =
          threads.submit(
              () -> {
                try (Connection c = outbox.connect()) {
                  Outbox.run(c, "set outbox.relay = on");
                  while (!done.get()) {
                    Outbox.run(
                        c,
                        "update outbox.message set state = 'failed' where id = any (array(select id"
                            + " from outbox.message where state = 'pending' order by id limit 20))",
                        "select * from outbox.status");
                  }
                }
                return null;
              });
      Future<?> operator =
          threads.submit(
              () -> {
                try (Connection c = outbox.connect()) {
                  while (!done.get()) {
                    Outbox.run(c, "select outbox.requeue_failed('crm')", "select outbox.wake()");
                  }
                }
                return null;
              });
      for (Future<?> f : work) {
        f.get();
      }
      done.set(true);
      relay.get();
      operator.get();
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
    assertEquals(
        2L * writers * rounds * 4 / 5, outbox.count("select count(*) from outbox.message"));
    // Id order is commit order for each key: every new value is one more than the one before.
    assertEquals(
        List.of(),
        outbox.query(
            "select key from (select key, (new_row ->> 'v')::int v, row_number() over (partition by key order by id) n"
                + " from outbox.message) s where v <> n"));
  }

  @Test
  void capturingWrite_takesNoLockThatAnotherWriterWaitsFor() throws SQLException {
    try (Connection first = outbox.connect();
        Connection second = outbox.connect();
        Statement s = second.createStatement()) {
      first.setAutoCommit(false);
      Outbox.run(first, "insert into t values (1)");
      s.execute("set lock_timeout = '5s'");
      s.execute("insert into t values (2)");
      s.execute("update t set v = 1 where id = 2");
      first.rollback();
    }
    assertEquals(List.of("insert 2", "update 2"), outbox.changes());
  }
}
