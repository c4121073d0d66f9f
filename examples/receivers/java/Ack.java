import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A receiver that acknowledges: java Ack.java 4000. */
public class Ack {
  private static final Pattern ID = Pattern.compile("^\\{\"id\":\"([0-9a-z-]+)\"");

  public static void main(String[] args) throws IOException {
    ServerSocket server = new ServerSocket(args.length > 0 ? Integer.parseInt(args[0]) : 4000);
    while (true) {
      Socket relay = server.accept();
      new Thread(() -> receive(relay)).start();
    }
  }

  private static void receive(Socket relay) {
    try (relay;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(relay.getInputStream(), StandardCharsets.UTF_8))) {
      OutputStream out = relay.getOutputStream();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher id = ID.matcher(line);
        if (!id.find()) {
          throw new IOException("not a message: " + line);
        }
        System.out.println(line); // the work; answer when it is done for good
        out.write(("{\"ack\":\"" + id.group(1) + "\"}\n").getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      System.err.println(e.getMessage());
    }
  }
}
