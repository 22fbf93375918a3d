Option Explicit

' One door for every button of the ribbon: a button's tag is the name of a Python function.
Private Const COMMANDS As String = "|sign_in|get_template|load_current_data|validate|apply|push_now|sync_orders|reports|history|"
Private Const SETTINGS_NAME As String = "stockbook_addin.conf"

Public Sub OnAction(control As IRibbonControl)
    RunCommand control.Tag
End Sub

Public Sub RunCommand(ByVal command As String)
    If InStr(1, COMMANDS, "|" & command & "|", vbBinaryCompare) = 0 Then
        MsgBox "The Stockbook tab does not know the button '" & command & "'. Please install the add-in again.", vbExclamation, "Stockbook"
        Exit Sub
    End If
    If ActiveWorkbook Is Nothing Then
        MsgBox "Open a workbook first, an empty one will do.", vbInformation, "Stockbook"
        Exit Sub
    End If
    If BringsItsOwnSettings() Then
        MsgBox "This workbook brings its own settings for the add-in, or Python code. A workbook could name any program there, so Stockbook does not run with it. Copy your rows into a template of your own.", vbExclamation, "Stockbook"
        Exit Sub
    End If
    RunPython "from addin.desktop import buttons; buttons." & command & "()"
End Sub

' xlwings reads which Python to start also from a sheet of the open workbook and from a file beside it, which it finds by
' these functions of its own. What comes by mail must not decide that.
Private Function BringsItsOwnSettings() As Boolean
    Dim sheet As Object
    For Each sheet In ActiveWorkbook.Sheets
        If LCase$(sheet.Name) = SETTINGS_NAME Or Right$(LCase$(sheet.Name), 3) = ".py" Then
            BringsItsOwnSettings = True
            Exit Function
        End If
    Next sheet
    If GetFullName(ActiveWorkbook) <> "" Then BringsItsOwnSettings = FileExists(GetDirectoryConfigFilePath())
End Function
