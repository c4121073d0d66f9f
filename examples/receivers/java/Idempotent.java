import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
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
        PreparedStatement once = database.prepareStatement(ONCE);
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(relay.getInputStream(), StandardCharsets.UTF_8))) {
      OutputStream out = relay.getOutputStream();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher id = ID.matcher(line);
        if (!id.find()) {
          throw new IOException("not a message: " + line);
        }
        once.setString(1, id.group(1));
        once.setString(2, line);
        once.executeUpdate(); // committed when this returns; only then is it acknowledged
        out.write(("{\"ack\":\"" + id.group(1) + "\"}\n").getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException | SQLException e) {
      System.err.println(e.getMessage()); // the connection ends, and the relay sends it again
    }
  }
}
