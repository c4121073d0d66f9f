// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A receiver that acknowledges: java Ack.java 4000. */
public class Ack {
  private static final Pattern ID = Pattern.compile("^\\{\"id\":\"([^\"]+)\"");

  public static void main(String[] args) throws IOException {
    ServerSocket server = new ServerSocket(args.length > 0 ? Integer.parseInt(args[0]) : 4000);
    while (true) {
      Socket relay = server.accept();
      new Thread(() -> receive(relay)).start();
    }
  }

  private static void receive(Socket relay) {
    try (relay) {
      InputStream in = new BufferedInputStream(relay.getInputStream());
      OutputStream out = relay.getOutputStream();
      for (String line = line(in); line != null; line = line(in)) {
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
