// Calls the Core REST Recording API from .NET 8, with no other libraries.
//
//   dotnet run -- http://127.0.0.1:8080 ucc-demo-name sip:agent@domain.com CORRELATION_ID
//
// Uses v2 if HUSH_TOKEN is set (docs/integrate/authentication.md), otherwise v1.

using System.Net.Http.Headers;
using System.Net.Http.Json;

var (baseUrl, ucc, requester, correlationId) = (args[0], args[1], args[2], args[3]);
var token = Environment.GetEnvironmentVariable("HUSH_TOKEN");

using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
if (token is not null)
{
    http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
}

if (await Command("Pause") != RecordingState.Paused)
{
    throw new InvalidOperationException("The recorder is not Paused.");
}
try
{
    Console.WriteLine("paused: the card may be read out now");
}
finally
{
    Console.WriteLine(await Command("Start"));
}

async Task<RecordingState> Command(string action)
{
    var version = token is null ? "" : "v2/";
    using var response = await http.PostAsJsonAsync(
        $"{baseUrl}/attendantservice/api/{version}recording/set",
        new { Action = action, RequesterSipUri = requester, CorrelationId = correlationId, UCCName = ucc });
    var answer = await response.Content.ReadFromJsonAsync<Answer>()
        ?? throw new InvalidOperationException("No answer.");
    // The status is 200 even if the command failed.
    if (answer.ErrorMessage is { } error)
    {
        throw new InvalidOperationException(error.Message);
    }
    return answer.RecordingState;
}

enum RecordingState { Uninitialized, Started, Stopped, Paused }

enum ErrorType { Configuration = 1, Validation, Processing }

record ErrorMessage(ErrorType ErrorType, string Message);

record Answer(string? CorrelationId, RecordingState RecordingState, ErrorMessage? ErrorMessage, string? UCCName);
