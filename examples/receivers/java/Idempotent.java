// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A receiver that does its work once, however often a message comes: the message's id and the work's
 * effect are stored in one transaction. The work here is a sum, which counting twice would spoil.
 *
 * <p>java -cp outbox-relay.jar Idempotent.java 4000 'jdbc:postgresql://localhost/shop?user=shop'
 */
public class Idempotent {
  private static final Pattern ID = Pattern.compile("^\\{\"id\":\"([0-9a-z-]+)\"");

  private static final String TABLES =
      "create table if not exists received (id text primary key, at timestamptz default now());"
          + " create table if not exists total (account text primary key, amount numeric);";

  /** One statement, so one transaction: the second part sees nothing if the id was there before. */
  private static final String ONCE =
      "with message as (select ?::text as id, ?::json as body),"
          + " first as (insert into received (id) select id from message"
          + " on conflict do nothing returning id)"
          + " insert into total (account, amount)"
          + " select body->'new'->>'account', (body->'new'->>'amount')::numeric"
          + " from message join first using (id)"
          + " on conflict (account) do update set amount = total.amount + excluded.amount";

  public static void main(String[] args) throws Exception {
    try (Connection database = DriverManager.getConnection(args[1]);
        Statement tables = database.createStatement()) {
      tables.execute(TABLES);
    }
    ServerSocket server = new ServerSocket(Integer.parseInt(args[0]));
    while (true) {
      Socket relay = server.accept();
      new Thread(() -> receive(relay, args[1])).start();
    }
  }

  private static void receive(Socket relay, String url) {
    try (relay;
        Connection database = DriverManager.getConnection(url);
        PreparedStatement once = database.prepareStatement(ONCE)) {
      InputStream in = new BufferedInputStream(relay.getInputStream());
      OutputStream out = relay.getOutputStream();
      for (String line = line(in); line != null; line = line(in)) {
        Matcher id = ID.matcher(line);
        if (!id.find()) {
          throw new IOException("not a message: " + line);
        }
        String answer = work(once, id.group(1), line) + "\n";
        out.write(answer.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException | SQLException e) {
      System.err.println(e.getMessage()); // the connection ends, and the relay sends it again
    }
  }

  /** The answer: what the database will never take is refused for good. */
  private static String work(PreparedStatement once, String id, String line) throws SQLException {
    try {
      once.setString(1, id);
      once.setString(2, line);
      once.executeUpdate(); // committed when this returns; only then is it acknowledged
      return "{\"ack\":\"" + id + "\"}";
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      if (!state.startsWith("22") && !state.startsWith("23")) {
        throw e;
      }
      return "{\"nack\":\"" + id + "\",\"reason\":\"SQLSTATE " + state + "\",\"retry\":false}";
    }
  }

  /** The next line, or null. BufferedReader would hand out a line that was cut off, too. */
  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(b);
    }
    return null;
  }
}
